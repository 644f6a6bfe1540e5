import { useChangeSettings, useSettings } from "../api/account.ts"
import { messageOf } from "../api/client.ts"
import type { Visibility } from "../api/types.ts"
import { Failure } from "../design/Failure.tsx"
import { toast } from "../design/toasts.tsx"
import { VisibilityChoice } from "../design/VisibilityChoice.tsx"

/** What a new session starts as. */
export function Privacy() {
  const settings = useSettings()
  const change = useChangeSettings()
  async function choose(defaultVisibility: Visibility) {
    try {
      await change({ defaultVisibility })
      toast("good", `New sessions are ${defaultVisibility}`)
    } catch (error) {
      toast("bad", messageOf(error))
    }
  }
  return (
    <section className="settings-section" aria-labelledby="privacy-title">
      <h2 id="privacy-title">Privacy</h2>
      <Failure what="The settings could not be read" error={settings.error} onRetry={settings.refetch} />
      <div className="settings-card settings-row">
        <div className="settings-words">
          <strong>New sessions are</strong>
          <div className="muted">Public: everyone signed in here can watch. Only you can write.</div>
        </div>
        <VisibilityChoice
          name="default-visibility"
          label="Visibility of new sessions"
          value={settings.data?.defaultVisibility ?? null}
          onChange={choose}
        />
      </div>
    </section>
  )
}
