/** The issuer's own path, below which everything is served: empty without one, and never with a slash at its end. */
export const basePathOf = (issuer: string): string => new URL(issuer).pathname.replace(/\/$/, '')
