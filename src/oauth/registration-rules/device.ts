import type { ClientMetadata } from '../client.ts'
import { deviceGrantName } from '../grants/device-code.ts'
import { type Contradiction, when } from './rule.ts'

/** Grants in which a person takes part: only those buy refresh tokens. */
export const grantsOfPeople: readonly ClientMetadata['grant_types'][number][] = ['authorization_code', deviceGrantName]

/** RFC 8628 needs no redirect URI, and no browser of the app's own. */
export const device = (client: ClientMetadata): readonly Contradiction[] =>
  when(
    client.grant_types.includes(deviceGrantName) && client.refresh_token_delivery === 'cookie',
    'refresh_token_delivery',
    'cannot be cookie with device_code: a device has no browser that keeps it',
    ['grant_types'],
  )
