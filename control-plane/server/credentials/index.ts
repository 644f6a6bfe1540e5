export { sealedColumns } from "./vault/columns.ts"
export { checkVault } from "./vault/sentinel.ts"
export { createVault, type SealContext, type Vault } from "./vault/vault.ts"
