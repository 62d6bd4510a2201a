import type { Client } from '../../oauth/client.ts'
import type { ClientStore, Family } from '../../oauth/stores.ts'
import type { AppShown } from '../../pages/account/apps.tsx'
import { webLink } from '../../pages/link.ts'
import type { ConsentList } from './contracts.ts'

type Consent = Awaited<ReturnType<ConsentList['list']>>[number]

const union = (...lists: readonly (readonly string[])[]): readonly string[] => [...new Set(lists.flat())]
const instants = (dates: readonly (Date | undefined)[]): readonly number[] =>
  dates.flatMap((date) => (date ? [date.getTime()] : []))

/** @returns the name under which each of the clients is registered */
export const namesOf = async (
  clients: ClientStore,
  ids: readonly (string | undefined)[],
): Promise<ReadonlyMap<string, string>> => {
  const known = union(ids.flatMap((id) => (id === undefined ? [] : [id])))
  const found = await Promise.all(known.map((id) => clients.find(id)))
  return new Map(
    found.filter((client): client is Client => !!client).map((client) => [client.client_id, client.client_name]),
  )
}

/**
 * OIDC Core §4: where a login begins that the person begins here. The app learns who asks, and from its own request then
 * who the person is: no hint travels ahead.
 */
export const startsOf = async (
  clients: ClientStore,
  ids: readonly string[],
  issuer: string,
): Promise<ReadonlyMap<string, string>> => {
  const found = await Promise.all(union(ids).map((id) => clients.find(id)))
  return new Map(
    found.flatMap((client) => {
      const uri = webLink(client?.initiate_login_uri)
      if (!client || client.disabledAt || uri === undefined) return []
      return [[client.client_id, `${uri}${uri.includes('?') ? '&' : '?'}${new URLSearchParams({ iss: issuer })}`]]
    }),
  )
}

/** Connected is what the person allowed, or what is logged in without having to ask. */
export const appsOf = (
  consents: readonly Consent[],
  families: readonly Family[],
  names: ReadonlyMap<string, string>,
  starts: ReadonlyMap<string, string>,
): readonly AppShown[] =>
  union(
    consents.map(({ clientId }) => clientId),
    families.map(({ clientId }) => clientId),
  )
    .map((clientId) => {
      const consent = consents.find((each) => each.clientId === clientId)
      const logins = families.filter((family) => family.clientId === clientId)
      const used = instants(logins.map(({ lastUsedAt }) => lastUsedAt))
      return {
        clientId,
        name: names.get(clientId),
        start: starts.get(clientId),
        scope: union(consent?.scope ?? [], ...logins.map(({ scope }) => scope)),
        resources: union(consent?.resources ?? [], ...logins.map(({ resources }) => resources)),
        since: new Date(Math.min(...instants([consent?.grantedAt, ...logins.map(({ createdAt }) => createdAt)]))),
        lastUsed: used.length === 0 ? undefined : new Date(Math.max(...used)),
        logins: logins.length,
      }
    })
    .sort((one, other) => (one.name ?? one.clientId).localeCompare(other.name ?? other.clientId))
