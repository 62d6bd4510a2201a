import { secret as newSecret, type Random } from '../../random.ts'
import { makeSecret, usesSecret } from '../client-secret.ts'
import { hashOf, initialAccessTokenPrefix, plausible, refused, registrationAccessTokenPrefix } from './access-token.ts'
import { type ClientInformation, clientInformation } from './answer.ts'
import type { RegistrationPolicy } from './policy.ts'
import { metadataSaid } from './request.ts'
import { checkSector, type SectorDocuments } from './sector-identifier.ts'
import type { RegistrationStore } from './stores.ts'

export type RegistrationDependencies = {
  readonly issuer: string
  readonly policy: RegistrationPolicy
  readonly registrations: RegistrationStore
  readonly sectors: SectorDocuments
  readonly random: Random
  readonly now: Date
}

/** T13: nobody chooses the name of a client, and a person's is a UUID. */
const newClientId = (random: Random): string => `dyn_${random.bytes(12).toString('hex')}`
export const clientIdPattern = /^dyn_[0-9a-f]{24}$/

/**
 * RFC 7591 §3: authorised first, then read, and only then is anything fetched or spent.
 * @param token the initial access token, if any was sent
 * @param admit throws where too many have come; what is plainly wrong does not count
 * @throws OAuthError invalid_token, InvalidMetadata
 */
export const register = async (
  sent: unknown,
  token: string | undefined,
  admit: () => void,
  deps: RegistrationDependencies,
): Promise<ClientInformation | 'full'> => {
  const { issuer, policy, registrations, sectors, random, now } = deps
  const invitation = policy.mode === 'open' ? undefined : plausible(token, initialAccessTokenPrefix)
  if (policy.mode !== 'open' && !(invitation && (await registrations.isInvited(invitation, now))))
    throw refused('no initial access token that could be spent')

  const clientId = newClientId(random)
  const metadata = metadataSaid(sent, { policy, clientId, current: undefined })
  admit()
  await checkSector(metadata, sectors)

  const secret = usesSecret(metadata) ? makeSecret(random, now) : undefined
  const accessToken = newSecret(random, registrationAccessTokenPrefix)
  const stored = { clientId, metadata, secret: secret?.stored, hash: hashOf(accessToken), invitation }
  const outcome = await registrations.register(stored, now)
  if (outcome === 'uninvited') throw refused('the initial access token was used up meanwhile')
  if (outcome === 'full') return 'full'
  return clientInformation(issuer, { clientId, createdAt: now, metadata, secret: secret?.text, token: accessToken })
}
