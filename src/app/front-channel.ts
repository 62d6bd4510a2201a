import fastifyCookie from '@fastify/cookie'
import type { FastifyInstance } from 'fastify'
import { account } from '../http/account/index.ts'
import { why } from '../http/account/why.ts'
import { admin } from '../http/admin/index.ts'
import { formBody } from '../http/form-body.ts'
import { administrator } from '../http/interaction/administrator.ts'
import { consent } from '../http/interaction/consent.ts'
import { device } from '../http/interaction/device.ts'
import { login } from '../http/interaction/login.ts'
import { createSignIn } from '../http/interaction/sign-in.ts'
import { start } from '../http/interaction/start.ts'
import { authorize } from '../http/oauth/authorize.ts'
import { logout } from '../http/oidc/logout.ts'
import { sessionCheck } from '../http/oidc/session-check.ts'
import { answerFailures, type FailurePage } from '../http/operations/failure.ts'
import { createRequestObjects } from '../http/outbound/remote-request-objects.ts'
import type { AppDependencies } from './dependencies.ts'
import type { Foundation } from './foundation.ts'

/** For people: errors are pages. */
export const frontChannel =
  (deps: AppDependencies, foundation: Foundation, page: FailurePage) =>
  async (scope: FastifyInstance): Promise<void> => {
    const { issuer, log, clock, random, stores, keys, subjectOf, sidOf, passwords, cookieSecrets: secrets } = deps
    const { sessionPolicy: policy, algorithms, outbound } = deps
    const { clients, sessions, users, families, deviceCodes, pushedRequests, logouts } = stores
    const { basePath: base, presenter, browser, dispatcher, keysOf, hintedSubject, administration } = foundation
    await scope.register(fastifyCookie)
    formBody(scope)
    answerFailures(scope, { page })

    const requestObjects = createRequestObjects({ outbound, clock, log })
    await scope.register(authorize, {
      issuer,
      clients,
      presentation: { keysOf, pushedRequests, requestObjects },
      dispatcher,
      hintedSubject,
      algorithms,
      clock,
      explains: isLoopbackHost(new URL(issuer).hostname),
    })
    const logIn = { logins: stores.logins, passwords, throttle: deps.throttle, deviceSecrets: secrets }
    const signIn = createSignIn({ browser, sessions, policy, logIn, random })
    const shared = { browser, presenter, clock }
    await scope.register(login, { dispatcher, browser, presenter, signIn, newPassword: `${base}/account/new-password` })
    await scope.register(consent, { dispatcher, browser, presenter })
    await scope.register(device, { ...shared, dispatcher, deviceCodes, clients, secrets })
    await scope.register(sessionCheck, { browser })
    await scope.register(logout, {
      ...shared,
      issuer,
      logouts,
      clients,
      sessions,
      keys,
      subjectOf,
      sidOf,
      basePath: base,
    })
    await scope.register(why, { ...shared, sessions, families, clients, basePath: base })
    await scope.register(account, { ...shared, issuer, stores, passwords, policy, signIn, secrets, base })
    const { adminLinks: links } = stores
    await scope.register(administrator, { ...shared, links, users, passwords, random, basePath: base })
    await scope.register(admin, { ...shared, administration, sessions, signIn, base })
    await scope.register(start, { issuer, presenter, development: deps.development })
    if (deps.demo) await scope.register(deps.demo)
  }

const isLoopbackHost = (hostname: string): boolean => /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname)
