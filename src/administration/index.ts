import type { Actor, Ended, EndingStore, Target } from '../identity/ending.ts'
import type { DeliveryStore, SeenDelivery } from '../oauth/logout/stores.ts'
import type { ClientStore } from '../oauth/stores.ts'
import type { FamilyHistory, HistoryStore } from '../oauth/tokens/history.ts'
import { confirmationOf, readConfirmation, surprises } from './confirmation.ts'
import { type Page, paged, placeOf, placeText } from './page.ts'
import type {
  AdministrationStore,
  EventLog,
  LoginFilter,
  SeenClient,
  SeenEvent,
  SeenFamily,
  SeenSession,
  SeenUser,
} from './stores.ts'

/** What administrators do, by whichever way they come: the pages and the API ask here. Who may is not decided here. */
export type Administration = {
  sessions(filter: LoginFilter, slice: Asked, now: Date): Promise<Page<SeenSession>>
  families(filter: LoginFilter, slice: Asked, now: Date): Promise<Page<SeenFamily>>
  users(search: string, slice: Asked): Promise<Page<SeenUser>>
  user(id: string): Promise<SeenUser | undefined>
  clients(search: string, slice: Asked): Promise<Page<SeenClient>>
  client(id: string): Promise<SeenClient | undefined>
  /** The clients that a person gave a consent to, whether they are logged in there or not. */
  consented(userId: string): Promise<readonly { readonly id: string; readonly name: string }[]>
  events(filter: { readonly userId?: string | undefined }, slice: Asked): Promise<Page<SeenEvent>>
  /** A family with its ledger and its newest events, also when it has ended. */
  family(id: string): Promise<{ readonly history: FamilyHistory; readonly events: readonly SeenEvent[] } | undefined>
  usernames(ids: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** What apps were told of logouts by the back channel, the newest first. */
  logouts(slice: Asked): Promise<Page<SeenDelivery>>
  /** One more attempt. @returns false when there is no such delivery */
  tellAgain(deliveryId: string, now: Date): Promise<boolean>
  /** Says what `revoke` would end now, and changes nothing. @returns undefined when there is nothing of that name */
  preview(target: Target, by: Actor, now: Date): Promise<Preview | undefined>
  revoke(target: Target, by: Actor, confirmation: string | undefined, now: Date): Promise<Revoked>
}
/** @property after `next` of the page before; what is no such thing begins at the beginning */
export type Asked = { readonly after?: string | undefined; readonly limit: number }

/** @property confirmation what an act on many has to bring back */
export type Preview = { readonly ends: Ended; readonly confirmation: string | undefined }
export type Revoked =
  | { readonly is: 'ended'; readonly ended: Ended }
  | { readonly is: 'missing' }
  | { readonly is: 'unconfirmed'; readonly why: 'absent' | 'foreign' | 'expired' | 'grown' }

/** Whether an act reaches past one device or one app of one person: then it must be announced before it is done. */
export const isBulk = ({ of }: Target): boolean => of === 'user' || of === 'client' || of === 'all'

/** Whoever acts on many must have logged in within so many seconds: a browser left open is not enough. */
export const recentLogin = 600

const newestEvents = 100

export const createAdministration = (deps: {
  readonly lists: AdministrationStore
  readonly endings: EndingStore
  readonly families: HistoryStore
  readonly events: EventLog
  readonly clients: ClientStore
  readonly consents: { list(userId: string): Promise<readonly { readonly clientId: string }[]> }
  readonly deliveries: Pick<DeliveryStore, 'list' | 'again'>
  /** The first signs, all of them verify. */
  readonly secrets: readonly [Buffer, ...Buffer[]]
}): Administration => {
  const { lists, endings, families, events, clients, consents, deliveries, secrets } = deps

  /** @returns undefined when it may be done */
  const objection = async (target: Target, by: Actor, confirmation: string | undefined, now: Date) => {
    if (!isBulk(target)) return undefined
    if (confirmation === undefined) return 'absent'
    const read = readConfirmation(secrets, target, nameOf(by), confirmation, now)
    if (read.is !== 'told') return read.is
    return surprises(await endings.preview(target, now), read.ends) ? 'grown' : undefined
  }

  return {
    sessions: (filter, { after, limit }, now) =>
      paged(
        limit,
        (most) => lists.sessions(filter, { after: placeOf(after), limit: most }, now),
        ({ createdAt, id }) => placeText({ at: createdAt, id }),
      ),
    families: (filter, { after, limit }, now) =>
      paged(
        limit,
        (most) => lists.families(filter, { after: placeOf(after), limit: most }, now),
        ({ createdAt, id }) => placeText({ at: createdAt, id }),
      ),
    users: (search, { after, limit }) =>
      paged(
        limit,
        (most) => lists.users(search, { after, limit: most }),
        ({ key }) => key,
      ),
    user: lists.user,
    clients: (search, { after, limit }) =>
      paged(
        limit,
        (most) => lists.clients(search, { after, limit: most }),
        ({ id }) => id,
      ),
    client: lists.client,
    async consented(userId) {
      const given = await consents.list(userId)
      const known = await Promise.all(given.map(({ clientId }) => clients.find(clientId)))
      return known.flatMap((client) => (client ? [{ id: client.client_id, name: client.client_name }] : []))
    },
    events: ({ userId }, { after, limit }) => {
      const before = after !== undefined && /^\d{1,18}$/.test(after) ? BigInt(after) : undefined
      return paged(
        limit,
        (most) => events.list({ userId, before, limit: most }),
        ({ id }) => String(id),
      )
    },
    async family(id) {
      const history = await families.show(id)
      return history && { history, events: await events.list({ familyId: id, limit: newestEvents }) }
    },
    usernames: lists.usernames,
    logouts: ({ after, limit }) =>
      paged(
        limit,
        (most) => deliveries.list({ before: after, limit: most }),
        ({ id }) => id,
      ),
    tellAgain: deliveries.again,
    async preview(target, by, now) {
      if (!(await lists.exists(target))) return undefined
      const ends = await endings.preview(target, now)
      const confirmation = isBulk(target) ? confirmationOf(secrets, target, nameOf(by), ends, now) : undefined
      return { ends, confirmation }
    },
    async revoke(target, by, confirmation, now) {
      if (!(await lists.exists(target))) return { is: 'missing' }
      const why = await objection(target, by, confirmation, now)
      if (why !== undefined) return { is: 'unconfirmed', why }
      const ended = await endings.end(target, 'revoked_by_admin', by, now)
      return ended ? { is: 'ended', ended } : { is: 'missing' }
    },
  }
}

/** No person's id is taken for a client's. */
const nameOf = ({ userId, clientId }: Actor): string => JSON.stringify([userId ?? null, clientId ?? null])
