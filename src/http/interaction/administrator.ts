import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import { administratorLinkHash } from '../../identity/administrator.ts'
import { newPasswordFault, type Passwords } from '../../identity/password.ts'
import type { AdminLinkStore, UserStore } from '../../identity/stores.ts'
import { parseUsername } from '../../identity/username.ts'
import { administratorDonePage, type FirstAdministrator, firstAdministratorPage } from '../../pages/administrator.tsx'
import type { Random } from '../../random.ts'
import type { Browser } from '../browser.ts'
import { bodyOf } from '../form.ts'
import { queryParameters } from '../form-body.ts'
import { PageError } from '../page-error.ts'
import type { Presenter } from './presentation.ts'

export type AdministratorOptions = {
  readonly links: AdminLinkStore
  readonly users: UserStore
  readonly passwords: Passwords
  readonly browser: Browser
  readonly presenter: Presenter
  readonly clock: Clock
  readonly random: Random
  readonly basePath: string
}

/** Where the one-time link leads that the first start prints. */
export const administratorPath = '/administrator'

export const administrator = async (app: FastifyInstance, options: AdministratorOptions): Promise<void> => {
  const { links, users, passwords, browser, presenter, clock, random, basePath } = options

  const openLink = async (token: string | null): Promise<{ token: string; hash: Buffer }> => {
    const hash = administratorLinkHash(token ?? undefined)
    if (token === null || !hash || !(await links.isOpen(hash, clock.now())))
      throw new PageError(400, 'link', 'invalid_request', 'the link was used, is too old, or never was')
    return { token, hash }
  }

  const show = (
    request: FastifyRequest,
    reply: FastifyReply,
    token: string,
    more: Pick<FirstAdministrator, 'failure' | 'username'>,
  ) => {
    const csrf = browser.csrf(browser.id(request, reply))
    const data = { token, csrf, minimumLength: 8, action: basePath + administratorPath, ...more }
    return presenter.send(request, reply, (presentation) => firstAdministratorPage(data, presentation))
  }

  app.get(administratorPath, async (request, reply) => {
    const { token } = await openLink(queryParameters(request).get('token'))
    return show(request, reply, token, {})
  })

  app.post(administratorPath, async (request, reply) => {
    const form = bodyOf(request)
    browser.checkForm(request, form)
    const { token, hash } = await openLink(form.get('token'))
    const typed = form.get('username') ?? ''
    const password = form.get('password') ?? ''
    const again = (failure: FirstAdministrator['failure']) =>
      show(request, reply.code(422), token, { failure, username: typed })

    const username = parseUsername(typed)
    if (!username) return again('username')
    if (password !== form.get('password_again')) return again('mismatch')
    if (newPasswordFault(password)) return again('password')
    if (await users.findByUsername(username.key)) return again('taken')
    const now = clock.now()
    const created = {
      id: random.uuid(),
      username: username.display,
      usernameKey: username.key,
      passwordHash: await passwords.hash(password),
      claims: {},
      admin: true,
      createdAt: now,
    }
    if (!(await links.spend(hash, created, now)))
      throw new PageError(400, 'link', 'invalid_request', 'the link was used a moment ago')
    const data = { username: username.display, next: `${basePath}/` }
    return presenter.send(request, reply, (presentation) => administratorDonePage(data, presentation))
  })
}
