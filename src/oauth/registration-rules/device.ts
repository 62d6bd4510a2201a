import type { ClientMetadata } from '../client.ts'
import { deviceGrantName } from '../grants/device-code.ts'
import { type Contradiction, when } from './rule.ts'

/** Grants in which a person takes part: only those buy refresh tokens. */
export const grantsOfPeople: readonly ClientMetadata['grant_types'][number][] = ['authorization_code', deviceGrantName]

/** RFC 8628 needs no redirect URI, and no browser of the app's own. */
export const device = (client: ClientMetadata): readonly Contradiction[] => {
  const isDevice = client.grant_types.includes(deviceGrantName)
  return [
    ...when(
      isDevice && client.refresh_token_delivery === 'cookie',
      'refresh_token_delivery',
      'cannot be cookie with device_code: a device has no browser that keeps it',
      ['grant_types'],
    ),
    // RFC 9101 §10.5: what asks at the other endpoint would be the way around the signature.
    ...when(
      isDevice && client.require_signed_request_object,
      'grant_types',
      'has device_code, whose requests nobody signs, beside require_signed_request_object',
      ['require_signed_request_object'],
    ),
  ]
}
