import type { Config } from '../config.ts'
import type { ClientMetadata } from '../oauth/client.ts'
import { missingFor } from '../oauth/sender-constraint/mutual-tls.ts'
import { unsignable } from '../oauth/signing.ts'
import { exitCodes, Refusal } from './refusal.ts'

/**
 * What is changed must be signable here. What was so before is left alone: it must not stand in the way of other changes.
 * @throws Refusal
 */
export const refuseUnsignable = (
  metadata: ClientMetadata,
  before: ClientMetadata | undefined,
  { signingAlgorithms }: Config,
): void => {
  const wrong = unsignable(metadata, signingAlgorithms).filter(({ field, algorithm }) => before?.[field] !== algorithm)
  if (wrong.length === 0) return
  const lines = wrong.map(({ field, algorithm }) => `  ${field} is ${algorithm}, for which there is no key`)
  const all = [...new Set([...signingAlgorithms, ...wrong.map(({ algorithm }) => algorithm)])]
  throw new Refusal(
    `This server cannot sign that:\n${lines.join('\n')}\nSet SIGNING_ALGORITHMS=${all.join()}, here and for the server.`,
    'invalid_client_metadata',
    exitCodes.usage,
  )
}

const remedies = {
  certificates: 'No certificate can arrive here: set MTLS_PORT, or MTLS_PROXY where a proxy ends TLS.',
  authorities: 'No authority vouches for certificates here: set MTLS_CA_FILE.',
} as const

/** What has to be set before the client can get a token at all; undefined where nothing has to. */
export const unreachable = (metadata: ClientMetadata, { mutualTls }: Config): string | undefined => {
  const missing = missingFor(metadata, mutualTls && { url: mutualTls.url, authorities: mutualTls.caFile !== undefined })
  return missing && remedies[missing]
}
