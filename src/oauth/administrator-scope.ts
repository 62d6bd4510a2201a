/**
 * Opens the administrators' API, at its own resource. Only the command line gives it to a client: metadata that somebody
 * sends in may not name it.
 */
export const administratorScope = 'tessera.admin'

export const administratorResource = (issuer: string): string => `${issuer}/api/v1`
