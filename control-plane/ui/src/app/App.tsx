import { lazy, type ReactNode, Suspense, useEffect, useState } from "react"
import { ADMINISTRATOR, useMe } from "../api/account.ts"
import { ApiError, messageOf } from "../api/client.ts"
import { Button } from "../design/Button.tsx"
import { useTitle } from "../design/hooks.ts"
import { ListPage } from "../sessions/ListPage.tsx"
import { StreamsProvider } from "../streams/context.ts"
import { createStreams, type Streams } from "../streams/streams.ts"
import { Fallback } from "./Fallback.tsx"
import { BASE, currentPath, Link, navigate, useRoute } from "./router.tsx"
import { pathOf, type Route } from "./routes.ts"
import { Shell } from "./Shell.tsx"
import { useApi } from "./services.ts"

const SignInPage = lazy(() => import("../sign-in/SignInPage.tsx"))
const NewSessionPage = lazy(() => import("../new-session/NewSessionPage.tsx"))
const SessionPage = lazy(() => import("../session/SessionPage.tsx"))
const AdminPage = lazy(() => import("../admin/AdminPage.tsx"))
const NewPasswordPage = lazy(() => import("../sign-in/NewPasswordPage.tsx"))
const SettingsPage = lazy(() => import("../settings/SettingsPage.tsx"))

/** The page of the address, for whoever is signed in. */
export function App() {
  const route = useRoute()
  if (route.name === "sign-in") {
    return (
      <Fallback key="sign-in">
        <Suspense fallback={<Waiting />}>
          <SignInPage returnTo={route.returnTo} />
        </Suspense>
      </Fallback>
    )
  }
  return (
    <Fallback key="signed-in">
      <SignedIn>
        <Shell>
          <Fallback key={pathOf(route)}>
            <Suspense fallback={<Waiting />}>
              <Page route={route} />
            </Suspense>
          </Fallback>
        </Shell>
      </SignedIn>
    </Fallback>
  )
}

function Page({ route }: { route: Route }) {
  const administers = useMe().data?.role === ADMINISTRATOR
  switch (route.name) {
    case "list":
      return <ListPage />
    case "new":
      return <NewSessionPage />
    case "session":
      return <SessionPage key={route.id} id={route.id} />
    case "settings":
      return <SettingsPage />
    case "users":
    case "providers":
    case "provider":
    case "audit":
      return administers ? <AdminPage route={route} /> : <Missing />
    default:
      return <Missing />
  }
}

/** Shows its children to somebody who is signed in, and the way in to everybody else. */
function SignedIn({ children }: { children: ReactNode }) {
  const me = useMe()
  const nobody = me.error instanceof ApiError && me.error.status === 401
  useEffect(() => {
    if (nobody) toSignIn()
  }, [nobody])
  if (me.data?.mustChangePassword) {
    return (
      <Suspense fallback={<Waiting />}>
        <NewPasswordPage email={me.data.email} />
      </Suspense>
    )
  }
  if (me.data) return <Following userId={me.data.id}>{children}</Following>
  if (!me.error || nobody) return <Waiting />
  return (
    <main className="empty">
      <h1>Berth cannot be reached</h1>
      <p className="muted">{messageOf(me.error)}</p>
      <Button kind="primary" icon="retry" busy={me.isFetching} onClick={() => me.refetch()}>
        Try again
      </Button>
    </main>
  )
}

/** Gives its children what they follow on the server, as long as the same user is signed in. */
function Following({ userId, children }: { userId: string; children: ReactNode }) {
  const api = useApi()
  const [streams, setStreams] = useState<Streams | null>(null)
  useEffect(() => {
    const made = createStreams({ api, userId, baseUrl: BASE.href })
    setStreams(made)
    return () => {
      made.close()
      setStreams(null)
    }
  }, [api, userId])
  return streams && <StreamsProvider value={streams}>{children}</StreamsProvider>
}

/** Goes to the sign-in page, which leads back to this one. */
export function toSignIn(): void {
  const path = currentPath()
  if (!path.startsWith("sign-in")) navigate(pathOf({ name: "sign-in", returnTo: path }), { replace: true })
}

function Missing() {
  useTitle("Not found")
  return (
    <div className="page">
      <div className="empty">
        <h1>Nothing is here</h1>
        <p className="muted">The address may be mistyped.</p>
        <Link to={{ name: "list" }} className="button">
          To the sessions
        </Link>
      </div>
    </div>
  )
}

function Waiting() {
  return <div role="status" aria-label="Loading" />
}
