import { later } from '../../clock.ts'
import type { Random } from '../../random.ts'
import { requestedScope } from '../authorization/parse.ts'
import type { Asked } from '../authorization/request.ts'
import type { Client } from '../client.ts'
import { unauthorizedClient } from '../errors.ts'
import { deviceGrantName } from '../grants/device-code.ts'
import type { Parameters } from '../parameters.ts'
import { audienceFor, parseResources } from '../resource.ts'
import type { Origin } from '../stores.ts'
import { deviceCodeHash, newDeviceCode } from './device-code.ts'
import type { DeviceCodeStore } from './stores.ts'
import { drawUserCode, userCodeHash, userCodeShown } from './user-code.ts'

/** Seconds: time to find a phone, type the code, log in and decide. */
const lifetime = 600
const interval = 5
/** That two codes that wait are the same is unlikely, and twice in a row as good as impossible. */
const attempts = 3

export type DeviceAuthorizationDependencies = {
  readonly issuer: string
  readonly deviceCodes: DeviceCodeStore
  /** Of user codes: new ones are stored under the first. */
  readonly key: Buffer
  /** Where people enter the code. */
  readonly verificationUri: string
  readonly random: Random
  readonly now: Date
  readonly origin: Origin
}

/** RFC 8628 §3.1 and §3.2. The client was authenticated before. */
export const authorizeDevice = async (
  parameters: Parameters,
  client: Client,
  dependencies: DeviceAuthorizationDependencies,
) => {
  const { deviceCodes, key, verificationUri, random, now, origin } = dependencies
  const asked = parseDeviceRequest(parameters, client, dependencies.issuer)
  const deviceCode = newDeviceCode(random)
  const rest = { hash: deviceCodeHash(deviceCode), asked, createdAt: now, expiresAt: later(now, lifetime) }
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const drawn = drawUserCode(random)
    if (!(await deviceCodes.create({ ...rest, userCodeHash: userCodeHash(drawn, key), interval, origin }))) continue
    const shown = userCodeShown(drawn)
    return {
      device_code: deviceCode,
      user_code: shown,
      verification_uri: verificationUri,
      verification_uri_complete: `${verificationUri}?user_code=${shown}`,
      expires_in: lifetime,
      interval,
    }
  }
  throw new Error(`${attempts} user codes in a row were taken`)
}

/** What is asked of the person is checked like what comes to the authorization endpoint. */
const parseDeviceRequest = (parameters: Parameters, client: Client, issuer: string): Asked => {
  parameters.refuseRepeats()
  if (!client.grant_types.includes(deviceGrantName))
    throw unauthorizedClient('This client is not registered for the device authorization grant (RFC 8628).')
  const scope = requestedScope(parameters.optional('scope'), client)
  const resources = parseResources(parameters.list('resource'), client.resources)
  audienceFor(resources, client.resources, scope, issuer)
  return {
    clientId: client.client_id,
    scope,
    resources: resources.length > 0 ? resources : client.resources.slice(0, 1),
    nonce: undefined,
    prompt: [],
    maxAge: client.default_max_age,
    loginHint: undefined,
    hintedSubject: undefined,
    acrValues: client.default_acr_values,
    uiLocales: [],
    claims: {},
  }
}
