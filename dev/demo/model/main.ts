import { createModelServer } from "./server.ts"

const port = Number(process.env.PORT ?? 8080)
const server = createModelServer({ key: process.env.DEMO_KEY ?? "", log: (line) => console.log(line) })
server.listen(port, () => console.log(`demo model (a script, not an AI) on port ${port}`))
process.on("SIGTERM", () => {
  server.close(() => process.exit(0))
  server.closeAllConnections()
})
