import { useChangeSettings, useMe, useSettings } from "../api/account.ts"
import { messageOf } from "../api/client.ts"
import type { Visibility } from "../api/types.ts"
import { useSignOut } from "../app/sign-out.ts"
import { Button } from "../design/Button.tsx"
import { Callout } from "../design/Callout.tsx"
import { useTitle } from "../design/hooks.ts"
import { toast } from "../design/toasts.tsx"
import { VisibilityChoice } from "../design/VisibilityChoice.tsx"
import { Logins } from "./Logins.tsx"
import "./settings.css"

/** What belongs to the person who is signed in. */
export default function SettingsPage() {
  useTitle("Settings")
  const me = useMe()
  const signOut = useSignOut()
  return (
    <div className="page">
      <div className="settings">
        <h1>Settings</h1>
        <section className="settings-section" aria-labelledby="account-title">
          <h2 id="account-title">Account</h2>
          <div className="settings-card settings-account">
            <div>
              <strong>{me.data?.name || me.data?.email}</strong>
              <div className="muted">
                {me.data?.email} · {me.data?.role}
              </div>
            </div>
            {me.data?.method !== "header" && (
              <Button icon="out" onClick={signOut}>
                Sign out
              </Button>
            )}
          </div>
        </section>
        <Privacy />
        <Logins />
      </div>
    </div>
  )
}

function Privacy() {
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
      {settings.error && <Callout kind="bad" title={messageOf(settings.error)} />}
      <div className="settings-card settings-account">
        <div>
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
