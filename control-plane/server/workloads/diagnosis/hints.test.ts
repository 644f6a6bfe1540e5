import { expect, it } from "vitest"
import { FAILURE_CODES } from "../../../../data-plane-init/workspace/failure.ts"
import { hintFor } from "./hints.ts"

it.each(FAILURE_CODES)("workspace-init's %s has words of its own for what to do", (code) => {
  expect(hintFor(code)).not.toBe(hintFor("nobody's code"))
})
