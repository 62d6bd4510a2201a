import { createAdministration } from '../administration/index.ts'
import { basePathOf } from '../http/base-path.ts'
import { createBrowser } from '../http/browser.ts'
import { createAdmission } from '../http/interaction/admission.ts'
import { createDelivery } from '../http/interaction/delivery.ts'
import { createDeviceAnswers } from '../http/interaction/device-answer.ts'
import { createDispatcher } from '../http/interaction/dispatcher.ts'
import { createPresenter } from '../http/interaction/presentation.ts'
import { accessTokenVerifier } from '../http/oauth/access-token.ts'
import { createClientDoor } from '../http/oauth/client-door.ts'
import { createHintedSubject } from '../http/oauth/id-token-hint.ts'
import { createSenderConstraint } from '../http/oauth/sender-constraint.ts'
import { passwordAcr } from '../identity/login.ts'
import { createQuota, defaultQuota } from '../identity/quota.ts'
import { createKeySet } from '../keys/key-set.ts'
import { createKeysOf } from '../oauth/client-authentication/index.ts'
import type { AppDependencies } from './dependencies.ts'

/** What every part of the application shares: made once, from what it stands on. */
export const createFoundation = (deps: AppDependencies) => {
  const { issuer, log, clock, random, stores, keys, refreshKeys } = deps
  const basePath = basePathOf(issuer)
  const presenter = createPresenter(random, basePath)
  const browser = createBrowser({ issuer, secrets: deps.cookieSecrets, random })
  const deliver = createDelivery({ presenter, keys, clock })
  const admission = createAdmission({ browser, quota: createQuota(defaultQuota) })
  const devices = createDeviceAnswers({ deviceCodes: stores.deviceCodes, admission, presenter })
  const dispatcher = createDispatcher({
    issuer,
    ...stores,
    sessionPolicy: deps.sessionPolicy,
    browser,
    admission,
    deliver,
    devices,
    subjectOf: deps.subjectOf,
    clock,
    random,
  })
  const verifyAccessToken = accessTokenVerifier(keys)
  const tokens = { issuer, ...stores, refreshKeys, subjectOf: deps.subjectOf, sidOf: deps.sidOf, verifyAccessToken }
  const keysOf = createKeysOf(deps.remoteKeys)
  const senderConstraint = createSenderConstraint(deps.senderConstraint, {
    issuer,
    secrets: deps.cookieSecrets,
    replays: stores.replays,
    verifyAccessToken,
  })
  const { certificateOf, mutualTls } = senderConstraint
  const { algorithms, claimsOfScope } = deps
  return {
    ...senderConstraint,
    basePath,
    presenter,
    browser,
    deliver,
    dispatcher,
    tokens,
    keysOf,
    keySet: createKeySet(keys, deps.revocationKeys),
    hintedSubject: createHintedSubject(keys, clock),
    door: createClientDoor({
      issuer,
      clients: stores.clients,
      replays: stores.replays,
      keysOf,
      certificateOf,
      mutualTlsUrl: mutualTls?.url,
    }),
    administration: createAdministration({
      ...stores,
      lists: stores.administration,
      deliveries: stores.logouts,
      secrets: deps.cookieSecrets,
    }),
    /** What the server says of itself. */
    described: {
      issuer,
      claimsOfScope,
      algorithms,
      mutualTls,
      registration: deps.registration.mode,
      acrValues: [passwordAcr],
    },
    log,
  }
}
export type Foundation = ReturnType<typeof createFoundation>
