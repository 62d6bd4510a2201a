import { networkShown } from '../../network.ts'
import type { Family } from '../../oauth/stores.ts'
import { theftEnds } from '../../oauth/tokens/family-end.ts'
import type { FamilyHistory } from '../../oauth/tokens/history.ts'
import type { DeviceWords } from '../../pages/device.tsx'
import type { Chain } from '../../pages/family/chain.ts'
import type { Language } from '../../pages/language.ts'
import { type EndName, endWords, isEndName } from '../../pages/texts/family.ts'
import { deviceParts } from '../../user-agent.ts'

/** How a family ended, whoever or whatever ended it. */
export const endOf = (family: Family, now: Date): { readonly name: EndName; readonly at: Date } | undefined => {
  const { revokedAt, revokeReason = '', idleExpiresAt, absoluteExpiresAt } = family
  if (revokedAt) return { name: isEndName(revokeReason) ? revokeReason : 'revoked_by_admin', at: revokedAt }
  if (absoluteExpiresAt <= now) return { name: 'over', at: absoluteExpiresAt }
  return idleExpiresAt <= now ? { name: 'idle', at: idleExpiresAt } : undefined
}

/** What the picture of a family is drawn from. */
export const chainOf = (
  { family, pairs, ending }: FamilyHistory,
  language: Language,
  words: Pick<DeviceWords, 'device'>,
  now: Date,
): Chain => {
  const end = endOf(family, now)
  const deviceOf = (userAgent: string | undefined) => {
    const parts = deviceParts(userAgent)
    return parts && words.device(parts.browser, parts.system)
  }
  return {
    pairs: pairs.map(({ generation, issuedAt, retries, ip, userAgent }) => ({
      generation,
      at: issuedAt,
      retries,
      network: networkShown(ip),
      device: deviceOf(userAgent),
    })),
    end: end && {
      at: end.at,
      title: endWords(end.name, language).title,
      theft: theftEnds.some((theft) => theft === end.name),
      presented: ending?.presented,
      network: networkShown(ending?.ip),
      device: deviceOf(ending?.userAgent),
    },
  }
}
