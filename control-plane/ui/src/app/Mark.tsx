/** The product's mark: a boat in its berth. */
export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <path d="M7 8v9a9 9 0 0 0 18 0V8" fill="none" stroke="var(--on-accent)" strokeWidth="3" strokeLinecap="round" />
      <rect x="12.5" y="8" width="7" height="10.5" rx="3.5" fill="var(--on-accent)" />
    </svg>
  )
}
