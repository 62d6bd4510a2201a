/** What a check found. @property remedy what to do about it, where it failed */
export type Finding = {
  readonly check: string
  readonly status: 'ok' | 'failed' | 'skipped'
  readonly detail: string
  readonly remedy?: string | undefined
}

export const ok = (check: string, detail: string): Finding => ({ check, status: 'ok', detail })
export const failed = (check: string, detail: string, remedy: string): Finding => ({
  check,
  status: 'failed',
  detail,
  remedy,
})
