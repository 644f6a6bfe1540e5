import { messageOf } from "../../scripts/lib/failure.ts"
import { devUsage, parseDevOptions, UsageError } from "./options.ts"
import { runScripted } from "./scripted.ts"
import { runServer } from "./server.ts"
import { serveUi } from "./ui.ts"

try {
  const options = parseDevOptions(process.argv.slice(2))
  if (options === null) process.stdout.write(devUsage)
  else {
    const backend = await (options.scripted ? runScripted() : runServer(options))
    const ui = await serveUi({ api: backend.url, port: options.port })
    const end = async () => {
      await ui.close()
      await backend.stop()
      process.exit(0)
    }
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => void end())
    process.stdout.write(
      `\n  ${ui.resolvedUrls?.local[0] ?? ""}   sign in as ${backend.email} with ${backend.password}\n\n`,
    )
  }
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`)
  if (error instanceof UsageError) process.stderr.write("See npm run dev -- --help\n")
  process.exitCode = error instanceof UsageError ? 2 : 1
}
