import type { Language } from '../language.ts'

/** Of the log of what apps were told. */
const en = {
  title: 'Logouts that apps were told of',
  means:
    'Apps that ask for it are told when a session they took part in ends. What could not be told is tried for a day.',
  none: 'In the last thirty days no app had to be told.',
  attempts: (count: number) => `Tried ${count} times.`,
  states: { delivered: 'Told', waiting: 'Waiting', given_up: 'Given up' },
  outcomes: {
    unanswered: 'It did not answer.',
    unsent: 'It could not be sent: the server log says why.',
    no_client: 'The app is disabled, gone, or asks for it no more.',
    delivered: 'It heard.',
  },
  status: (code: string) => `It answered ${code}.`,
  pending: 'Not tried yet.',
  next: 'Next attempt',
  again: 'Tell it again',
  againThat: (app: string, person: string) => `Tell ${app} again that ${person} logged out`,
  asked: 'The app is being told again.',
}

export type LogoutTexts = typeof en

const ko: LogoutTexts = {
  title: '앱에 알린 로그아웃',
  means: '요청한 앱에는 앱이 참여한 세션이 끝날 때 알려요. 알리지 못하면 하루 동안 다시 시도해요.',
  none: '지난 30일 동안 앱에 알릴 로그아웃이 없었어요.',
  attempts: (count) => `${count}번 시도했어요.`,
  states: { delivered: '알렸어요', waiting: '기다리는 중', given_up: '그만뒀어요' },
  outcomes: {
    unanswered: '앱이 응답하지 않았어요.',
    unsent: '보내지 못했어요. 서버 로그에 이유가 있어요.',
    no_client: '앱이 사용 중지되었거나 없거나 더 이상 요청하지 않아요.',
    delivered: '앱이 받았어요.',
  },
  status: (code) => `앱이 ${code}로 응답했어요.`,
  pending: '아직 시도하지 않았어요.',
  next: '다음 시도',
  again: '다시 알리기',
  againThat: (app, person) => `${person} 로그아웃을 ${app} 앱에 다시 알리기`,
  asked: '앱에 다시 알리고 있어요.',
}

export const logoutTexts: Readonly<Record<Language, LogoutTexts>> = { en, ko }
