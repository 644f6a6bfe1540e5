import { fileURLToPath } from "node:url"
import { startScriptedServer } from "./scripted-server.ts"

const directory = process.env.BERTH_UI_DIR ?? fileURLToPath(new URL("../../dist/control-plane/ui", import.meta.url))
const server = await startScriptedServer({ directory, port: Number(process.env.PORT ?? 8079) })
console.log(`${server.url}  (any e-mail, password: berth)`)
