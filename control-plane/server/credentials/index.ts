export { createProviders, type ProviderAccess, type Providers, providerFaults } from "./providers/providers.ts"
export { sealedColumns } from "./vault/columns.ts"
export { checkVault } from "./vault/sentinel.ts"
export { createVault, type Vault } from "./vault/vault.ts"
