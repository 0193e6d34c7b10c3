/**
 * What KT's notices of 2026 say. No published wording is copied: texts are the house's own. None
 * asks for anything to be answered, and the one about accounts has no link, as false ones do.
 */
import { templateVersion, type Template } from '../notices/template.js'

const FROM_ANNOUNCEMENT = { version: 1, effectiveFrom: '2025-12-30' } as const

export const KT_2026_TEMPLATES: readonly Template[] = [
  {
    template: 'refund_eligibility',
    versions: [
      templateVersion({
        ...FROM_ANNOUNCEMENT,
        source: 'facts §9, facts §0, A39',
        subject: '[{senderName}] 위약금 환급 대상 안내',
        lines: [
          '[{senderName}] 위약금 환급 대상 안내',
          '',
          '고객님, 안녕하세요. {senderName}입니다.',
          '침해 사고로 심려를 끼쳐 드려 진심으로 사과드립니다.',
          '고객님께서 해지하신 회선은 위약금 환급 대상입니다.',
          '',
          '■ 신청 기간: 1월 14일 9시부터 {deadline}까지',
          '■ 확인 및 신청: {senderName} 홈페이지({shortLink}) 로그인 후 위약금 조회',
          '■ 문의: {helpDesk} (무료)',
          '',
          '환급 내역은 본인 확인 후 홈페이지에서 확인하실 수 있습니다.',
        ],
      }),
    ],
  },
  {
    template: 'refund_reminder',
    versions: [
      templateVersion({
        ...FROM_ANNOUNCEMENT,
        source: 'facts §9, A38, A39',
        subject: '[{senderName}] 위약금 환급 신청 안내',
        lines: [
          '[{senderName}] 위약금 환급 신청 안내',
          '',
          '고객님, 안녕하세요. {senderName}입니다.',
          '해지하신 회선이 위약금 환급 대상이나 아직 신청이 확인되지 않아 다시 안내해 드립니다.',
          '',
          '■ 신청 기한: {deadline}까지',
          '■ 신청 방법: {senderName} 홈페이지({shortLink}) 로그인 후 신청',
          '■ 문의: {helpDesk} (무료)',
          '',
          '이미 신청하셨다면 다시 신청하지 않으셔도 됩니다. 감사합니다.',
        ],
      }),
    ],
  },
  {
    template: 'ott_choice_open',
    versions: [
      templateVersion({
        ...FROM_ANNOUNCEMENT,
        source: 'facts §6, facts §13.2, A25, A26, A47',
        subject: '(광고)[{senderName}] OTT 이용권 선택 안내',
        lines: [
          '(광고)[{senderName}] OTT 이용권 선택 안내',
          '',
          '고객님, 안녕하세요. {programmeName}으로 OTT 6개월 이용권을 드립니다.',
          '',
          '■ 선택: {serviceName} 중 하나',
          '■ 선택 기한: {deadline}까지',
          '■ 선택 방법: {senderName} 홈페이지({shortLink}) 로그인 후 선택',
          '이용 코드가 발급되기 전까지 선택을 바꾸실 수 있습니다.',
          '',
          '{senderName} {helpDesk}',
          '무료수신거부 {optOutNumber}',
        ],
      }),
    ],
  },
  {
    template: 'ott_code_issued',
    versions: [
      templateVersion({
        ...FROM_ANNOUNCEMENT,
        source: 'facts §6, facts §13.2, A27, A28, A47',
        subject: '(광고)[{senderName}] OTT 이용 코드 발급 안내',
        lines: [
          '(광고)[{senderName}] OTT 이용 코드 발급 안내',
          '',
          '고객님, 선택하신 OTT 이용권의 코드가 발급되었습니다.',
          '',
          '■ 코드 확인: {senderName} 홈페이지({shortLink}) 로그인 후 확인',
          '■ 등록 기한: 발급일부터 60일',
          '코드는 한 번만 등록할 수 있으니 다른 사람에게 알려 주지 마세요.',
          '',
          '{senderName} {helpDesk}',
          '무료수신거부 {optOutNumber}',
        ],
      }),
    ],
  },
  {
    template: 'insurance_enrolled',
    versions: [
      templateVersion({
        ...FROM_ANNOUNCEMENT,
        source: 'facts §8, A32, A33',
        subject: '[{senderName}] 안전·안심 보험 가입 안내',
        lines: [
          '[{senderName}] 안전·안심 보험 가입 안내',
          '',
          '고객님, 안녕하세요. {senderName}입니다.',
          '{programmeName}의 안전·안심 보험에 무료로 가입되셨습니다.',
          '',
          '■ 보장 기간: 가입 다음 달 1일부터 2년',
          '■ 보장 내용: {senderName} 홈페이지({shortLink})에서 확인',
          '■ 문의: {helpDesk} (무료)',
        ],
      }),
    ],
  },
  {
    template: 'payout_made',
    versions: [
      templateVersion({
        ...FROM_ANNOUNCEMENT,
        source: 'facts §1, A39',
        subject: null,
        lines: ['[{senderName}] 신청하신 위약금 환급이 완료되었습니다. 문의 {helpDesk}'],
      }),
    ],
  },
  {
    template: 'payout_bounced',
    versions: [
      templateVersion({
        ...FROM_ANNOUNCEMENT,
        source: 'A3, A39',
        subject: '[{senderName}] 환급 계좌 확인 요청',
        lines: [
          '[{senderName}] 환급 계좌 확인 요청',
          '',
          '고객님, 안녕하세요. {senderName}입니다.',
          '신청하신 위약금 환급을 진행하였으나 계좌 확인이 되지 않아 지급하지 못했습니다.',
          '계좌를 정정해 주시면 다음 지급일에 다시 지급해 드립니다.',
          '',
          '■ 정정 방법: {senderName} 홈페이지 로그인 후 환급 신청 내역에서 정정',
          '■ 문의: {helpDesk} (무료)',
          '',
          '계좌 비밀번호나 인증번호는 문자나 전화로 묻지 않습니다.',
        ],
      }),
    ],
  },
]
