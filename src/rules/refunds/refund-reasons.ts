/**
 * Every reason of a refund decision and every state of a refund application, with the sentence a
 * former customer may be told. A code is never renamed or reused (contracts §3).
 */
import type { Sentence } from '../reason-codes.js'

export interface RefundText extends Sentence {
  /** What would have to change for a yes; null where nothing can, or nothing needs to. */
  readonly remedy: Sentence | null
}

export const REFUND_REASONS = {
  MVNO: {
    en: 'The line belonged to a budget operator on the network, not to the carrier itself.',
    ko: '알뜰폰 회선은 환급 대상이 아닙니다.',
    remedy: null,
  },
  IOT: {
    en: 'The line was an IoT or special-purpose line.',
    ko: '사물인터넷(IoT) 및 특수 목적 회선은 환급 대상이 아닙니다.',
    remedy: null,
  },
  // Named by no programme that pays corporations (A8).
  CORPORATE: {
    en: 'The refund is for individuals; the customer is a corporation.',
    ko: '개인 고객 대상 환급으로 법인 회선은 제외됩니다.',
    remedy: null,
  },
  EX_OFFICIO: {
    en: 'The carrier terminated the line ex officio.',
    ko: '직권해지된 회선은 환급 대상이 아닙니다.',
    remedy: null,
  },
  NOT_IN_USE_AT_REFUND_BASE: {
    en: 'The line was not yet in use on the day that the refund goes by.',
    ko: '환급 기준일에 이용 중인 회선이 아니었습니다.',
    remedy: null,
  },
  CONTRACT_EVENT_SINCE_BASE: {
    en: 'The contract was made, renewed or moved to a new device after the refund base date.',
    ko: '환급 기준일 이후에 신규 가입, 기기변경 또는 재약정한 회선입니다.',
    remedy: null,
  },
  RESUBSCRIBED: {
    en: 'The customer left and subscribed again within the waiver period.',
    ko: '위약금 면제 기간 안에 해지한 후 다시 가입한 회선입니다.',
    remedy: null,
  },
  HARDSHIP_REVIEW: {
    en: 'The line was terminated late for a reason that a person has to look at.',
    ko: '부득이한 사유로 기간 이후에 해지하신 건으로, 담당자의 심사가 필요합니다.',
    remedy: {
      en: 'The customer has to hand in proof of the reason; a person then decides.',
      ko: '사유를 증명하는 서류를 제출해 주시면 담당자가 심사합니다.',
    },
  },
  OUTSIDE_WINDOW: {
    en: 'The line was terminated outside the waiver period.',
    ko: '위약금 면제 기간에 해지된 회선이 아닙니다.',
    remedy: null,
  },
  NO_PENALTY: {
    en: 'No penalty that could be refunded was billed.',
    ko: '청구된 환급 대상 위약금이 없습니다.',
    remedy: null,
  },
  PENALTY_UNPAID: {
    en: 'The penalty has not been paid, so there is nothing to pay back yet.',
    ko: '위약금이 아직 납부되지 않아 환급할 금액이 없습니다.',
    remedy: {
      en: 'The penalty has to be paid first; what is paid can then be refunded.',
      ko: '위약금을 먼저 납부하시면 납부하신 금액을 환급받으실 수 있습니다.',
    },
  },
  ALREADY_WAIVED: {
    en: 'All that was paid has been waived or refunded under an earlier scheme.',
    ko: '납부하신 위약금은 이전에 이미 면제되었거나 환급되었습니다.',
    remedy: null,
  },
  VICTIM_DISCOUNT: {
    en: 'The customer took the discount for confirmed victims, which may exclude the refund.',
    ko: '피해 고객 할인을 받으신 건으로, 환급 여부를 담당자가 확인해야 합니다.',
    remedy: {
      en: 'A person decides whether the refund is paid as well; nothing has to be handed in.',
      ko: '환급 여부는 담당자가 심사하며, 별도로 제출하실 서류는 없습니다.',
    },
  },
  REFUNDABLE: {
    en: 'The penalty that was paid is refunded.',
    ko: '납부하신 위약금은 환급 대상입니다.',
    remedy: null,
  },
} as const satisfies Record<string, RefundText>

export type RefundReason = keyof typeof REFUND_REASONS

export const APPLICATION_STATES = {
  withdrawn: {
    en: 'The application was withdrawn.',
    ko: '신청이 취소되었습니다.',
    remedy: null,
  },
  early: {
    en: 'The application came before applications were open.',
    ko: '신청 기간이 시작되기 전에 접수된 신청입니다.',
    remedy: {
      en: 'A new application has to be made within the application period.',
      ko: '신청 기간 안에 다시 신청하셔야 합니다.',
    },
  },
  late: {
    en: 'The application came after applications were closed.',
    ko: '신청 기간이 끝난 후에 접수된 신청입니다.',
    remedy: {
      en: 'It is paid only where a person accepts the reason why it is late.',
      ko: '늦어진 사유를 담당자가 인정한 경우에만 지급됩니다.',
    },
  },
  unknown_line: {
    en: 'No terminated line of this number is known.',
    ko: '신청하신 회선의 해지 내역이 확인되지 않습니다.',
    remedy: {
      en: 'The line has to be named as billing knows it.',
      ko: '회선 정보를 다시 확인해 주셔야 합니다.',
    },
  },
  not_refundable: {
    en: 'Nothing is owed back for the line as things stand.',
    ko: '현재 환급 대상으로 확정된 회선이 아닙니다.',
    remedy: null,
  },
  duplicate: {
    en: 'An earlier application for the line counts.',
    ko: '같은 회선에 대해 먼저 접수된 신청이 적용됩니다.',
    remedy: null,
  },
  held: {
    en: 'The holder of the account has not been confirmed.',
    ko: '예금주가 확인되지 않아 지급이 보류되었습니다.',
    remedy: {
      en: 'An account in the right name has to be given, or proof why it is in another.',
      ko: '명의가 일치하는 계좌를 알려 주시거나, 다른 명의인 사유의 증빙을 제출하셔야 합니다.',
    },
  },
  accepted: {
    en: 'The application is accepted.',
    ko: '신청이 접수되어 지급 예정입니다.',
    remedy: null,
  },
} as const satisfies Record<string, RefundText>

export type ApplicationState = keyof typeof APPLICATION_STATES
