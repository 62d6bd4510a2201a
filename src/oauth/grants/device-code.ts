import { deviceCodeHash, deviceGrantHash, isDeviceCode } from '../device/device-code.ts'
import type { DeviceState } from '../device/stores.ts'
import { invalidGrant, OAuthError } from '../errors.ts'
import { buy } from './family.ts'
import type { GrantType } from './grant.ts'

export const deviceGrantName = 'urn:ietf:params:oauth:grant-type:device_code'

/** RFC 8628 §3.4: a device asks whether somebody decided, again and again. */
export const deviceCode: GrantType = {
  name: deviceGrantName,

  async authorize(parameters, client, dependencies) {
    const { codes, deviceCodes, now } = dependencies
    const presented = parameters.required('device_code')
    if (!isDeviceCode(presented)) throw invalidGrant('the device code is none of ours')
    const hash = deviceCodeHash(presented)
    // A poll is counted, and a proof that was used before must not count one. Where nothing is counted, none is kept.
    if (await deviceCodes.isKnown(hash, client.client_id)) await dependencies.sender()
    const state = await deviceCodes.poll(hash, client.client_id, now)
    refuseUndecided(state)

    const code = await codes.find(deviceGrantHash(hash))
    if (!code || code.clientId !== client.client_id) {
      if (state === 'approved') throw expired()
      throw invalidGrant("the device code is unknown, or another client's")
    }
    if (code.revokedAt) throw invalidGrant('the grant was revoked with its session, its person or its client')
    if (!code.spentAt && code.expiresAt <= now) throw expired()
    return buy(code, parameters, client, dependencies)
  },
}

/** RFC 8628 §3.5. What is unknown may have been swept, and what it bought may live: that is looked for next. */
const refuseUndecided = (state: DeviceState): void => {
  switch (state) {
    case 'pending':
      throw new OAuthError('authorization_pending', 'The person has not decided yet.')
    case 'too_fast':
      throw new OAuthError('slow_down', 'The device asks too often: the interval is five seconds longer from now on.')
    case 'denied':
      throw new OAuthError('access_denied', 'The person did not allow it.')
    case 'expired':
      throw expired()
    case 'approved':
    case 'unknown':
  }
}

const expired = (): OAuthError => new OAuthError('expired_token', 'The device code has expired: begin anew.')
