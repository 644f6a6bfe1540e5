import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { ensureSampleRepository } from "./repository.ts"
import { createGitServer } from "./server.ts"

const port = Number(process.env.PORT ?? 8080)
const root = process.env.GIT_ROOT ?? "/data"
mkdirSync(root, { recursive: true })
ensureSampleRepository(join(root, "sample.git"), process.env.SAMPLE_DIR ?? "/app/sample")
const server = createGitServer({ root, log: (line) => console.log(line) })
server.listen(port, () => console.log(`demo git server on port ${port}, repositories in ${root}`))
process.on("SIGTERM", () => {
  server.close(() => process.exit(0))
  server.closeAllConnections()
})
