import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import { createQuota, userCodeQuota } from '../../identity/quota.ts'
import { networkOf, siteOf } from '../../network.ts'
import type { DeviceRequest } from '../../oauth/authorization/request.ts'
import type { DeviceCodeStore } from '../../oauth/device/stores.ts'
import { parseUserCode, userCodeHash, userCodeShown } from '../../oauth/device/user-code.ts'
import type { ClientStore } from '../../oauth/stores.ts'
import { type UserCodeFailure, userCodePage } from '../../pages/user-code.tsx'
import { type Browser, hashOf } from '../browser.ts'
import { clientAddress } from '../client-address.ts'
import { bodyOf } from '../form.ts'
import { queryParameters } from '../form-body.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Presenter } from './presentation.ts'

export type DeviceOptions = {
  readonly dispatcher: Dispatcher
  readonly deviceCodes: Pick<DeviceCodeStore, 'claim'>
  readonly clients: ClientStore
  readonly browser: Browser
  readonly presenter: Presenter
  /** Of user codes: new ones are stored under the first, all of them are looked for. */
  readonly secrets: readonly [Buffer, ...Buffer[]]
  readonly clock: Clock
}

/** RFC 8628 §3.3: where a person enters what the device shows. */
export const device = async (app: FastifyInstance, options: DeviceOptions): Promise<void> => {
  const { dispatcher, deviceCodes, clients, browser, presenter, secrets, clock } = options
  const quota = createQuota(userCodeQuota)

  const show = (request: FastifyRequest, reply: FastifyReply, code: string | undefined, failure?: UserCodeFailure) => {
    const csrf = browser.csrf(browser.id(request, reply))
    const data = { code, failure, csrf, action: dispatcher.pagePath('device') }
    return presenter.send(request, reply, (presentation) => userCodePage(data, presentation))
  }

  // RFC 8628 §3.3.1: a code that came with the address is only shown. Nothing happens before somebody confirms it.
  app.get('/device', async (request, reply) => {
    const code = parseUserCode(queryParameters(request).get('user_code') ?? '')
    return show(request, reply, code && userCodeShown(code))
  })

  app.post('/device', async (request, reply) => {
    const form = bodyOf(request)
    browser.checkForm(request, form)
    const now = clock.now()
    const typed = form.get('user_code') ?? ''
    const code = parseUserCode(typed)
    if (code === undefined) return refuse(request, reply, typed)

    const browserHash = hashOf(browser.id(request, reply))
    const ip = clientAddress(request)
    const browserKey = browserHash.toString('base64url')
    const visit = { network: networkOf(ip), site: siteOf(ip), browser: browserKey, all: 'guesses' }
    const seconds = quota.take(visit, now)
    if (seconds > 0) {
      reply.code(429).header('retry-after', String(seconds))
      return show(request, reply, userCodeShown(code), { is: 'wait', seconds })
    }
    const hashes = secrets.map((key) => userCodeHash(code, key))
    const claimed = await deviceCodes.claim(hashes, browserHash, now)
    const client = claimed && (await clients.find(claimed.asked.clientId))
    if (!claimed || !client) return refuse(request, reply, userCodeShown(code))
    // Only what was wrong is a guess.
    quota.giveBack(visit, now)
    return dispatcher.begin(request, reply, askedBy(claimed, userCodeShown(code)), client, now)
  })

  /** T20: one answer for what never was, has expired, was decided, or belongs to another browser. */
  const refuse = (request: FastifyRequest, reply: FastifyReply, typed: string) => {
    reply.code(400)
    return show(request, reply, typed.slice(0, 64), { is: 'unknown' })
  }
}

type Claimed = NonNullable<Awaited<ReturnType<DeviceCodeStore['claim']>>>

const askedBy = ({ hash, asked, createdAt, expiresAt, origin }: Claimed, userCode: string): DeviceRequest => ({
  ...asked,
  device: {
    codeHash: hash.toString('base64url'),
    userCode,
    ...origin,
    askedAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
  },
})
