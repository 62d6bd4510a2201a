import type { TlsOptions } from 'node:tls'
import fastifyCookie from '@fastify/cookie'
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { createAdministration } from './administration/index.ts'
import type { AdministrationStore, EventLog } from './administration/stores.ts'
import type { Clock } from './clock.ts'
import { type AccountStores, account } from './http/account/index.ts'
import { why } from './http/account/why.ts'
import { admin } from './http/admin/index.ts'
import { api } from './http/api/index.ts'
import { createBrowser } from './http/browser.ts'
import { trustedProxies } from './http/client-address.ts'
import { formBody } from './http/form-body.ts'
import { administrator } from './http/interaction/administrator.ts'
import { createAdmission } from './http/interaction/admission.ts'
import { consent } from './http/interaction/consent.ts'
import { createDelivery } from './http/interaction/delivery.ts'
import { device } from './http/interaction/device.ts'
import { createDeviceAnswers } from './http/interaction/device-answer.ts'
import { createDispatcher } from './http/interaction/dispatcher.ts'
import { createFailurePage } from './http/interaction/failure-page.ts'
import { login } from './http/interaction/login.ts'
import { createPresenter } from './http/interaction/presentation.ts'
import { createSignIn } from './http/interaction/sign-in.ts'
import { start } from './http/interaction/start.ts'
import { bounds, capConnections, refuseUnknownEncodings } from './http/limits.ts'
import { accessTokenRecognizer, accessTokenVerifier } from './http/oauth/access-token.ts'
import { authorize } from './http/oauth/authorize.ts'
import { createClientDoor } from './http/oauth/client-door.ts'
import { deviceAuthorization } from './http/oauth/device-authorization.ts'
import { createHintedSubject } from './http/oauth/id-token-hint.ts'
import { introspect } from './http/oauth/introspect.ts'
import { par } from './http/oauth/par.ts'
import { register } from './http/oauth/register.ts'
import { revocations } from './http/oauth/revocations.ts'
import { revocationsStream } from './http/oauth/revocations-stream.ts'
import { revoke } from './http/oauth/revoke.ts'
import { createSenderConstraint, type SenderConstraintSettings } from './http/oauth/sender-constraint.ts'
import { token } from './http/oauth/token.ts'
import { logout } from './http/oidc/logout.ts'
import { metadata, metadataBeforePath } from './http/oidc/metadata.ts'
import { sessionCheck } from './http/oidc/session-check.ts'
import { userinfo } from './http/oidc/userinfo.ts'
import { answerFailures, answerNotFound, frameworkErrors } from './http/operations/failure.ts'
import { type HealthCheck, health } from './http/operations/health.ts'
import { requestIds, requestLog } from './http/operations/request-id.ts'
import { endConnections, type Readiness } from './http/operations/stop.ts'
import type { Outbound } from './http/outbound/index.ts'
import { createRequestObjects } from './http/outbound/remote-request-objects.ts'
import { createSectorDocuments } from './http/outbound/sector-documents.ts'
import type { EndingStore } from './identity/ending.ts'
import type { Passwords } from './identity/password.ts'
import { createQuota, defaultQuota } from './identity/quota.ts'
import type { SessionPolicy } from './identity/session.ts'
import type { AdminLinkStore, LoginStore, SessionStore, UserStore } from './identity/stores.ts'
import type { ThrottlePolicy } from './identity/throttle.ts'
import type { KeyRing } from './keys/key-ring.ts'
import { createKeySet } from './keys/key-set.ts'
import type { RefreshKeyRing } from './keys/refresh-key-ring.ts'
import type { InteractionStore, PushedRequestStore } from './oauth/authorization/stores.ts'
import type { ClaimsOfScope } from './oauth/claims.ts'
import type { SigningAlgorithm } from './oauth/client.ts'
import { createKeysOf, type RemoteKeys } from './oauth/client-authentication/index.ts'
import type { DeviceCodeStore } from './oauth/device/stores.ts'
import type { DeliveryStore, ParticipantStore } from './oauth/logout/stores.ts'
import { authenticationMethods } from './oauth/metadata.ts'
import type { RegistrationPolicy } from './oauth/registration/policy.ts'
import type { RegistrationStore } from './oauth/registration/stores.ts'
import type { RevocationFeed } from './oauth/revocations/feed.ts'
import type { ClientStore, CodeStore, FamilyStore, ReplayStore, TokenStore } from './oauth/stores.ts'
import type { SubjectOf } from './oauth/subject.ts'
import type { HistoryStore } from './oauth/tokens/history.ts'
import type { Start } from './pages/start.tsx'
import type { Random } from './random.ts'

/** Everything the application stands on. Nothing else is looked up anywhere: the type checker sees the wiring. */
export type AppDependencies = {
  readonly issuer: string
  readonly trustProxy: readonly string[]
  readonly tls: TlsOptions | undefined
  readonly senderConstraint: SenderConstraintSettings
  readonly log: FastifyBaseLogger
  readonly clock: Clock
  readonly random: Random
  readonly stores: {
    readonly clients: ClientStore
    readonly registrations: RegistrationStore
    readonly codes: CodeStore
    readonly families: FamilyStore & HistoryStore & AccountStores['families']
    readonly interactions: InteractionStore
    readonly deviceCodes: DeviceCodeStore
    readonly pushedRequests: PushedRequestStore
    readonly tokens: TokenStore
    readonly replays: ReplayStore
    readonly users: UserStore
    readonly sessions: SessionStore
    readonly logins: LoginStore
    readonly adminLinks: AdminLinkStore
    readonly administration: AdministrationStore
    readonly events: EventLog
    readonly endings: EndingStore & AccountStores['endings']
    readonly consents: AccountStores['consents']
    readonly notices: AccountStores['notices']
    readonly loginEnds: AccountStores['loginEnds']
    readonly logouts: DeliveryStore & ParticipantStore
  }
  readonly keys: KeyRing
  /** Of the feed. */
  readonly revocationKeys: KeyRing
  /** Ended with the application. */
  readonly feed: RevocationFeed
  readonly refreshKeys: RefreshKeyRing
  readonly remoteKeys: RemoteKeys
  /** Every request to an address that somebody else chose. */
  readonly outbound: Outbound
  readonly algorithms: readonly SigningAlgorithm[]
  algorithmFor(audience: readonly string[]): SigningAlgorithm | undefined
  readonly claimsOfScope: ClaimsOfScope
  readonly subjectOf: SubjectOf
  readonly registration: Pick<RegistrationPolicy, 'mode' | 'scope' | 'pkce'>
  readonly passwords: Passwords
  readonly throttle: ThrottlePolicy
  readonly sessionPolicy: SessionPolicy
  /** The first signs, all of them verify. */
  readonly cookieSecrets: readonly [Buffer, ...Buffer[]]
  readonly checks: readonly HealthCheck[]
  readonly readiness: Readiness
  /** What the first page shows of a development server. */
  development(): Promise<Start['development']>
  /** Pages and APIs of the demo, mounted beside the server's own. */
  readonly demo?: (app: FastifyInstance) => Promise<void>
}

/** The only composition root: the process and every test build their server here. */
export const createApp = async (deps: AppDependencies): Promise<FastifyInstance> => {
  const { issuer, log, clock, random, stores, keys, refreshKeys } = deps
  const app = Fastify({
    ...bounds({ tls: deps.tls }),
    ...requestIds({ random, trustProxy: deps.trustProxy }),
    trustProxy: trustedProxies(deps.trustProxy),
    loggerInstance: log,
    frameworkErrors,
  })
  const basePath = new URL(issuer).pathname.replace(/\/$/, '')
  const { hostname } = new URL(issuer)
  const explains = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname)

  capConnections(app)
  refuseUnknownEncodings(app)
  requestLog(app)
  endConnections(app, deps.readiness)
  const page = createFailurePage(random)
  answerNotFound(app, { page })
  answerFailures(app, { issuer })

  const presenter = createPresenter(random)
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
  const keySet = createKeySet(keys, deps.revocationKeys)
  const verifyAccessToken = accessTokenVerifier(keys)
  const { algorithms, algorithmFor, claimsOfScope } = deps
  const tokens = { issuer, ...stores, refreshKeys, subjectOf: deps.subjectOf, verifyAccessToken }
  const administration = createAdministration({
    ...stores,
    lists: stores.administration,
    secrets: deps.cookieSecrets,
  })
  const keysOf = createKeysOf(deps.remoteKeys)
  const { certificateOf, senders, holderCheck, mutualTls } = createSenderConstraint(deps.senderConstraint, {
    issuer,
    secrets: deps.cookieSecrets,
    replays: stores.replays,
    verifyAccessToken,
  })
  const requestObjects = createRequestObjects({ outbound: deps.outbound, clock, log })
  const hintedSubject = createHintedSubject(keys, clock)
  const door = createClientDoor({ issuer, clients: stores.clients, replays: stores.replays, keysOf, certificateOf })

  const grants = {
    issuer,
    codes: stores.codes,
    families: stores.families,
    deviceCodes: stores.deviceCodes,
    refreshKeys,
    random,
    recognizeAccessToken: accessTokenRecognizer(keys),
    signingKid: (client: { readonly access_token_signed_response_alg: SigningAlgorithm }) =>
      keys.signer(client.access_token_signed_response_alg).kid,
  }
  const issuing = {
    issuer,
    signer: keys.signer,
    signerOf: keys.signerOf,
    algorithmFor,
    claimsOfScope,
    subjectOf: deps.subjectOf,
    refreshKeys,
    personClaims: async (userId: string) => (await stores.users.find(userId))?.claims ?? {},
    random,
  }

  const deviceDependencies = {
    issuer,
    deviceCodes: stores.deviceCodes,
    key: deps.cookieSecrets[0],
    verificationUri: `${issuer}/device`,
    random,
  }

  /** For clients: errors are OAuth's JSON. */
  const backChannel = async (scope: FastifyInstance): Promise<void> => {
    formBody(scope)
    const { interactions } = stores
    await scope.register(token, {
      door,
      senders,
      clock,
      grants,
      issuing,
      browser,
      interactions,
      algorithms,
      registrations: stores.registrations,
    })
    await scope.register(deviceAuthorization, { door, clock, devices: deviceDependencies })
    const { pushedRequests } = stores
    await scope.register(par, {
      door,
      senders,
      clock,
      pushing: { issuer, keysOf, pushedRequests, hintedSubject, random },
    })
    await scope.register(introspect, { door, clock, tokens: { ...tokens, signer: keys.signer } })
    await scope.register(revoke, { door, clock, tokens })
    await scope.register(revocations, { feed: deps.feed })
    await scope.register(revocationsStream, { feed: deps.feed })
    await scope.register(userinfo, { clock, tokens: { ...tokens, claimsOfScope, signer: keys.signer }, holderCheck })
    await scope.register(metadata, {
      issuer,
      keySet,
      claimsOfScope,
      algorithms,
      mutualTls,
      registration: deps.registration.mode,
    })
  }

  /** For people: errors are pages. */
  const frontChannel = async (scope: FastifyInstance): Promise<void> => {
    await scope.register(fastifyCookie)
    formBody(scope)
    answerFailures(scope, { page })
    const { clients, sessions, users, adminLinks } = stores
    const logInDependencies = {
      logins: stores.logins,
      passwords: deps.passwords,
      throttle: deps.throttle,
      deviceSecrets: deps.cookieSecrets,
    }
    await scope.register(authorize, {
      issuer,
      clients,
      presentation: { keysOf, pushedRequests: stores.pushedRequests, requestObjects },
      dispatcher,
      deliver,
      hintedSubject,
      algorithms,
      clock,
      explains,
    })
    const signIn = createSignIn({ browser, sessions, policy: deps.sessionPolicy, logIn: logInDependencies, random })
    const newPassword = `${basePath}/account/new-password`
    await scope.register(login, { dispatcher, browser, presenter, signIn, newPassword })
    await scope.register(consent, { dispatcher, browser, presenter })
    const { deviceCodes } = stores
    const secrets = deps.cookieSecrets
    await scope.register(device, { dispatcher, deviceCodes, clients, browser, presenter, secrets, clock })
    await scope.register(sessionCheck, { browser })
    await scope.register(logout, {
      issuer,
      logouts: stores.logouts,
      clients,
      sessions,
      browser,
      presenter,
      keys,
      subjectOf: deps.subjectOf,
      clock,
      basePath,
    })
    await scope.register(why, { sessions, families: stores.families, clients, browser, presenter, clock, basePath })
    await scope.register(account, {
      issuer,
      stores,
      passwords: deps.passwords,
      policy: deps.sessionPolicy,
      signIn,
      browser,
      presenter,
      secrets: deps.cookieSecrets,
      clock,
      base: basePath,
    })
    await scope.register(administrator, {
      links: adminLinks,
      users,
      passwords: deps.passwords,
      browser,
      presenter,
      clock,
      random,
      basePath,
    })
    await scope.register(admin, {
      administration,
      deliveries: stores.logouts,
      sessions,
      signIn,
      browser,
      presenter,
      clock,
      base: basePath,
    })
    await scope.register(start, { issuer, presenter, development: deps.development })
    if (deps.demo) await scope.register(deps.demo)
  }

  const prefix = { prefix: basePath }
  await app.register(backChannel, prefix)
  const policy = {
    ...deps.registration,
    algorithms: deps.algorithms,
    authenticationMethods: authenticationMethods(mutualTls),
  }
  const sectors = createSectorDocuments({ outbound: deps.outbound, log })
  const registering = { issuer, policy, registrations: stores.registrations, sectors, random }
  await app.register(register, { ...prefix, clock, registering })
  await app.register(frontChannel, prefix)
  await app.register(api, { ...prefix, issuer, administration, tokens, holderCheck, clock })
  await app.register(metadataBeforePath, {
    issuer,
    claimsOfScope,
    algorithms,
    mutualTls,
    registration: deps.registration.mode,
  })
  await app.register(health, { checks: deps.checks, readiness: deps.readiness })
  return app
}
