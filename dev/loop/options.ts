import { parseArgs } from "node:util"

/** What `npm run dev` was asked for. */
export interface DevOptions {
  /** The UI alone, on scripted data. */
  readonly scripted: boolean
  /** Where the UI listens. */
  readonly port: number
  /** A port for the debugger of the server; none when null. */
  readonly inspect: number | null
}

export const devUsage = `usage: npm run dev -- [options]

Runs the web UI with hot reload, and the server, restarted when one of its files changes, with a database of its own
against the cluster of "npm run up". Sessions run in the namespace berth-dev. Ends with Ctrl+C, which removes both.

  --scripted       the UI alone, on scripted data: needs no cluster and no database
  --port PORT      where the UI listens on 127.0.0.1 (default: 5173, or the next free port)
  --inspect        debugger of the server on 127.0.0.1:9229
  --help           this text
`

/** A command line that cannot be used; the message says which part. */
export class UsageError extends Error {}

/** @returns null when help is asked for. @throws UsageError */
export function parseDevOptions(args: string[]): DevOptions | null {
  try {
    const { values } = parseArgs({
      args,
      options: {
        scripted: { type: "boolean", default: false },
        port: { type: "string", default: "5173" },
        inspect: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    })
    if (values.help) return null
    const port = Number(values.port)
    if (!/^\d{1,5}$/.test(values.port) || port > 65_535) throw new Error(`--port: "${values.port}" is not a port`)
    return { scripted: values.scripted, port, inspect: values.inspect ? 9229 : null }
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}
