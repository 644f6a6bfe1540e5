/** Where the end-to-end tests install what they test. */
export const namespace = "berth-e2e"
