import bowser from 'bowser'
import { networkOf } from '../network.ts'

/** What a person would call the device: the browser and the system, or the first word of what is neither. */
export const deviceOf = (userAgent: string | undefined): string | undefined => {
  if (userAgent === undefined || userAgent === '') return undefined
  const { browser, os } = bowser.parse(userAgent)
  if (browser.name && os.name) return `${browser.name} on ${os.name}`
  return browser.name || userAgent.split(' ')[0]?.slice(0, 40)
}

export const networkShown = (ip: string | undefined): string | undefined =>
  ip === undefined ? undefined : networkOf(ip)
