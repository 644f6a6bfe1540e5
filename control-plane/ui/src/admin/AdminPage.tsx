import type { ReactNode } from "react"
import { Link } from "../app/router.tsx"
import type { Route } from "../app/routes.ts"
import { AuditPage } from "./audit/AuditPage.tsx"
import { ProviderPage } from "./providers/ProviderPage.tsx"
import { ProvidersPage } from "./providers/ProvidersPage.tsx"
import { UsersPage } from "./users/UsersPage.tsx"
import "../settings/settings.css"
import "./admin.css"

/** The pages that only administrators have. */
export type AdminRoute = Extract<Route, { name: "users" | "providers" | "provider" | "audit" }>

const TABS = [
  ["users", "Users"],
  ["providers", "Model providers"],
  ["audit", "Audit log"],
] as const

/** What surrounds every page of the administration. */
export default function AdminPage({ route }: { route: AdminRoute }) {
  const tab = route.name === "provider" ? "providers" : route.name
  return (
    <div className="page">
      <div className="admin">
        <h1>Administration</h1>
        <nav className="tabs" aria-label="Administration">
          {TABS.map(([name, label]) => (
            <Link key={name} to={{ name }} className="tab" aria-current={tab === name ? "page" : undefined}>
              {label}
            </Link>
          ))}
        </nav>
        {pageOf(route)}
      </div>
    </div>
  )
}

function pageOf(route: AdminRoute): ReactNode {
  switch (route.name) {
    case "users":
      return <UsersPage />
    case "providers":
      return <ProvidersPage />
    case "provider":
      return <ProviderPage key={route.id} id={route.id} />
    case "audit":
      return <AuditPage />
  }
}
