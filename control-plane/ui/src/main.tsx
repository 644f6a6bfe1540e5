import { QueryClient, QueryClientProvider } from "@tanstack/react-query"
import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { ApiError, createApi } from "./api/client.ts"
import { App, toSignIn } from "./app/App.tsx"
import { BASE } from "./app/router.tsx"
import { ApiProvider } from "./app/services.ts"
import { applyTheme, themeKept } from "./app/theme.ts"
import "./design/tokens.css"
import "./design/base.css"
import "./design/controls.css"
import "./design/overlays.css"

applyTheme(themeKept())

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // Refused is refused; what may pass is tried again.
      retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
})

const api = createApi({
  fetch: (...request) => window.fetch(...request),
  baseUrl: BASE.href,
  onUnauthenticated() {
    client.removeQueries({ queryKey: ["me"] })
    toSignIn()
  },
})

const root = document.getElementById("root")
if (!root) throw new Error("The page has no #root")
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <ApiProvider value={api}>
        <App />
      </ApiProvider>
    </QueryClientProvider>
  </StrictMode>,
)
