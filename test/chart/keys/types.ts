/**
 * A key, a value for it that is not its default, and the objects that change with it: `+` made, `-` not made, `*` all of
 * them. `also` lies beside the value where the key cannot stand alone.
 */
export type Row = readonly [key: string, value: unknown, changes: string, also?: object]

export interface Section {
  /** Values that lie under every row: what a key needs beside it to matter. */
  readonly with: object
  readonly rows: readonly Row[]
}

/** A setting of the control plane: its file, and the pods that roll because of it. */
export const CONFIG = "ConfigMap/berth-config Deployment/berth"
/** A Secret that the Job no longer makes. */
export const JOB = "Job/berth-secrets Role/berth-secrets"
