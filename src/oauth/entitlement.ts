import type { Client } from './client.ts'
import { parseScope, within } from './scope.ts'
import type { Family } from './stores.ts'

/**
 * What is left of a grant when its client's registration has lost a scope or a resource since. A registration that
 * gains one gives a family nothing: a person granted what the family says, and no more.
 */
export type Entitlement = { readonly scope: readonly string[]; readonly resources: readonly string[] }

export const registeredOf = (client: Client): Entitlement => ({
  scope: parseScope(client.scope),
  resources: client.resources,
})

export const entitled = (granted: Entitlement, client: Client): Entitlement => ({
  scope: scopeLeft(granted.scope, client),
  resources: granted.resources.filter((uri) => client.resources.includes(uri)),
})

/** Also of an access token, which has the scope that it was signed with. */
export const scopeLeft = (granted: readonly string[], client: Client): readonly string[] => {
  const registered = parseScope(client.scope)
  return granted.filter((value) => registered.includes(value))
}

/** Of what is only asked for nothing may be lost: its person would be shown something else than is given. */
export const isEntitled = ({ scope, resources }: Entitlement, client: Client): boolean =>
  within(scope, parseScope(client.scope)) && within(resources, client.resources)

/** Something was lost, and what remains is nothing, or the mere right to go on asking for it. */
export const leavesNothing = (granted: readonly string[], left: readonly string[]): boolean =>
  !within(granted, left) && within(left, ['offline_access'])

/** Whether the family outlives its session: its client must still be registered for that. */
export const isOffline = (family: Pick<Family, 'offline'>, client: Client): boolean =>
  family.offline && parseScope(client.scope).includes('offline_access')
