import type { FastifyInstance } from 'fastify'
import { earlier } from '../../clock.ts'
import type { NoticeStore } from '../../identity/account.ts'
import type { Session, SessionStore } from '../../identity/stores.ts'
import { networkShown } from '../../network.ts'
import type { ClientStore, Family } from '../../oauth/stores.ts'
import type { DeviceShown } from '../../pages/account/devices.tsx'
import { accountPage, type Done } from '../../pages/account/overview.tsx'
import { deviceParts } from '../../user-agent.ts'
import { queryParameters } from '../form-body.ts'
import type { Presenter } from '../interaction/presentation.ts'
import { appsOf, namesOf, startsOf } from './apps.ts'
import type { ConsentList, FamilyList } from './contracts.ts'
import type { Door } from './door.ts'

export type OverviewOptions = {
  readonly issuer: string
  readonly door: Door
  readonly presenter: Presenter
  readonly sessions: Pick<SessionStore, 'list'>
  readonly clients: ClientStore
  readonly families: FamilyList
  readonly consents: ConsentList
  readonly notices: NoticeStore
}

/** More than anybody has; who has more sees the last used. */
const most = { devices: 50, families: 1000, notices: 10 }
const acts: readonly Done[] = ['device', 'others', 'app', 'password']

const textOf = (claim: unknown): string | undefined => (typeof claim === 'string' ? claim : undefined)

/** Who is logged in, on which devices, and which apps know it. */
export const overview = async (app: FastifyInstance, options: OverviewOptions): Promise<void> => {
  const { issuer, door, presenter, sessions, clients, families, consents, notices } = options

  app.get('/account', async (request, reply) => {
    const visit = await door.enter(request, reply)
    if (!visit) return reply
    const { user, session, now, frame } = visit
    const [devices, logins, granted, news] = await Promise.all([
      sessions.list({ userId: user.id, limit: 1000 }, now),
      families.list({ userId: user.id, limit: most.families }, now),
      consents.list(user.id),
      notices.unseen(user.id, most.notices),
    ])
    const ids = [...logins, ...granted, ...news].map(({ clientId }) => clientId)
    const names = await namesOf(clients, ids)
    const connected = [...logins, ...granted].map(({ clientId }) => clientId)
    const starts = await startsOf(clients, connected, issuer)
    // This device first, whatever was used since.
    const sorted = [...devices].sort((a, b) => Number(b.id === session.id) - Number(a.id === session.id))
    const done = queryParameters(request).get('done')
    const data = {
      ...frame,
      name: textOf(user.claims.name),
      email: textOf(user.claims.email),
      since: session.authenticatedAt,
      administrator: user.admin,
      done: acts.find((act) => act === done),
      notices: news.map(({ id, at, clientId, familyId }) => ({
        id: String(id),
        at,
        app: clientId === undefined ? undefined : names.get(clientId),
        familyId,
      })),
      devices: sorted.slice(0, most.devices).map((each) => deviceOf(each, session.id, logins, names)),
      moreDevices: Math.max(0, sorted.length - most.devices),
      apps: appsOf(granted, logins, names, starts),
    }
    return presenter.send(request, reply, (presentation) => accountPage(data, presentation))
  })
}

const deviceOf = (
  { id, userAgent, ip, createdAt, lastUsedAt, idleExpiresAt, absoluteExpiresAt }: Session,
  here: string,
  logins: readonly Family[],
  names: ReadonlyMap<string, string>,
): DeviceShown => ({
  id,
  name: deviceParts(userAgent),
  isHere: id === here,
  network: networkShown(ip),
  firstUsed: createdAt,
  lastUsed: lastUsedAt,
  ends: earlier(idleExpiresAt, absoluteExpiresAt),
  apps: [
    ...new Set(
      logins.filter(({ sessionId }) => sessionId === id).map(({ clientId }) => names.get(clientId) ?? clientId),
    ),
  ],
})
