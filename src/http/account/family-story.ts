import { networkShown } from '../../network.ts'
import { theftEnds } from '../../oauth/tokens/family-end.ts'
import { endOfFamily, type FamilyHistory } from '../../oauth/tokens/history.ts'
import type { DeviceWords } from '../../pages/device.tsx'
import type { Chain } from '../../pages/family/chain.ts'
import type { Language } from '../../pages/language.ts'
import { type EndName, endWords, isEndName } from '../../pages/texts/family.ts'
import { deviceParts } from '../../user-agent.ts'

/** How a family ended, whoever or whatever ended it. */
export const endOf = (history: FamilyHistory, now: Date): { readonly name: EndName; readonly at: Date } | undefined => {
  const end = endOfFamily(history, now)
  return end && { at: end.at, name: end.reason && isEndName(end.reason) ? end.reason : 'revoked_by_admin' }
}

/** What the picture of a family is drawn from. */
export const chainOf = (
  history: FamilyHistory,
  language: Language,
  words: Pick<DeviceWords, 'device'>,
  now: Date,
): Chain => {
  const { pairs, ending } = history
  const end = endOf(history, now)
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
