import type { FastifyInstance } from 'fastify'
import { later } from '../../clock.ts'
import type { LoginEndStore } from '../../identity/account.ts'
import { networkShown } from '../../network.ts'
import type { ClientStore } from '../../oauth/stores.ts'
import { endedPage } from '../../pages/account/ended.tsx'
import { deviceParts } from '../../user-agent.ts'
import type { Presenter } from '../interaction/presentation.ts'
import { namesOf } from './apps.ts'
import type { Door } from './door.ts'

export type EndedOptions = {
  readonly door: Door
  readonly presenter: Presenter
  readonly clients: ClientStore
  readonly loginEnds: LoginEndStore
}

/** As long as what has ended is kept at least: src/storage/maintenance.ts. */
const days = 30
const most = 100

/** "Why was I logged out?" */
export const ended = async (app: FastifyInstance, options: EndedOptions): Promise<void> => {
  const { door, presenter, clients, loginEnds } = options

  app.get('/account/ended', async (request, reply) => {
    const visit = await door.enter(request, reply)
    if (!visit) return reply
    const { user, now, frame } = visit
    const found = await loginEnds.list(user.id, later(now, -days * 86_400), now, most)
    const names = await namesOf(
      clients,
      found.map(({ clientId }) => clientId),
    )
    const ends = found.map(({ id, at, reason, clientId, ip, userAgent }) => ({
      id,
      at,
      reason,
      app: clientId === undefined ? undefined : { name: names.get(clientId) },
      device: deviceParts(userAgent),
      network: networkShown(ip),
    }))
    return presenter.send(request, reply, (presentation) => endedPage({ base: frame.base, ends }, presentation))
  })
}
