import { afterEach, beforeEach } from "vitest"

/** For a file whose tests build on each other: once one has failed, those after it say so instead of failing in riddles. */
export function inOrder(): void {
  let failed: string | undefined
  beforeEach(() => {
    if (failed !== undefined) throw new Error(`not tried, because "${failed}" has failed before it`)
  })
  afterEach(({ task }) => {
    if (task.result?.state === "fail") failed ??= task.name
  })
}
