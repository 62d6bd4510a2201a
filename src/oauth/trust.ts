import type { Client } from './client.ts'

/**
 * How far an address is trusted that a client named.
 * @property mayUseNamed whether the operator answers for the address: then it may be one of those that are named for the
 * operator's clients although not public. What a client says that registered itself opens none of them (O2).
 */
export type Trust = { readonly mayUseNamed: boolean }

export const trustOf = ({ registration }: Pick<Client, 'registration'>): Trust => ({
  mayUseNamed: registration === undefined,
})
