export { limitKeyOf } from "./limit-key.ts"
export { createNetworks, parseCidr } from "./networks.ts"
export { plainAddress } from "./plain.ts"
export { isPublicAddress } from "./public.ts"
