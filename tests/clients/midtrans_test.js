// The official Node client, unmodified but for its base URL, against a running server: what its
// own README shows, and what a merchant does with it when things go wrong.
'use strict';

const assert = require('node:assert/strict');
const { randomInt, randomUUID } = require('node:crypto');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const { SnapBi, SnapBiConfig } = require('midtrans-client');
const { example } = require('./readme_examples');
const { Server, newPartner, temporaryFolder } = require('./server');

process.env.no_proxy = '127.0.0.1';

// Listens to the text of the last answer that the client received, as it came.
const axios = createRequire(require.resolve('midtrans-client'))('axios');
let lastText;
const listen = (text) => { lastText = text; return text; };
axios.defaults.transformResponse = [listen, ...axios.defaults.transformResponse];

let caller;  // the partner that the client speaks for

function use(partner) {
  caller = partner;
  SnapBiConfig.SNAP_BI_SANDBOX_BASE_URL = partner.baseUrl;
  SnapBiConfig.snapBiClientId = partner.clientId;
  SnapBiConfig.snapBiPrivateKey = partner.privateKey;
  SnapBiConfig.snapBiClientSecret = partner.clientSecret;
  SnapBiConfig.snapBiPartnerId = partner.partnerId;
  SnapBiConfig.snapBiChannelId = partner.channelId;
}

const inTenMinutes = () => new Date(Date.now() + 600_000);

// The README's dates, each in its own way of writing, moved to ten minutes from now.
const microseconds = (date) => date.toISOString().replace('Z', '305Z');
const wholeSeconds = (date) => date.toISOString().replace(/\.\d+/, '');
const sevenHoursBehind = (date) =>
  new Date(date.getTime() - 7 * 3600_000).toISOString().replace(/\.\d+Z/, '-07:00');

function account(customerNo) {
  return {
    partnerServiceId: caller.vaPartnerServiceId,
    customerNo,
    virtualAccountNo: caller.vaPartnerServiceId + customerNo,
  };
}

const freshCustomerNo = () => String(randomInt(1e11, 1e12));

// How each kind is asked through the client. A payment is {externalId, body, referenceNo}; the
// external id of a creation is its partner reference number (VA: its trxId) too, as in the README.
const kinds = {
  debit: {
    api: () => SnapBi.directDebit(),
    codes: { create: '54', status: '55', cancel: '57' },
    body: (externalId, validUpTo = microseconds(inTenMinutes())) => ({
      ...example('directDebiRequestBody', { externalId, merchantId: caller.merchantId }),
      validUpTo,
    }),
    statusBody: (payment) => ({
      ...example('directDebitStatusBodyByExternalId'), originalExternalId: payment.externalId,
    }),
    state: (answer) => answer.latestTransactionStatus,
    referenceNo: (answer) => answer.originalReferenceNo,
    cancels: {
      'by reference number': (payment) => ({
        ...example('directDebitCancelByReferenceNoBody'),
        originalReferenceNo: payment.referenceNo,
        originalPartnerReferenceNo: payment.externalId,
      }),
      'by external id': (payment) => ({
        ...example('directDebitCancelByExternalIdBody'),
        originalExternalId: payment.externalId,
        originalPartnerReferenceNo: payment.externalId,
      }),
    },
    unknown: { originalReferenceNo: 'A120240930075800vyWwxohb5WID' },
  },
  qris: {
    api: () => SnapBi.qris(),
    codes: { create: '47', status: '51', cancel: '77' },
    body: (externalId, validityPeriod = sevenHoursBehind(inTenMinutes())) => ({
      ...example('qrisRequestBody', { externalId, merchantId: caller.merchantId }),
      validityPeriod,
    }),
    statusBody: (payment) => ({
      ...example('qrisStatusBody', { merchantId: caller.merchantId }),
      originalReferenceNo: payment.referenceNo,
      originalPartnerReferenceNo: payment.externalId,
    }),
    state: (answer) => answer.latestTransactionStatus,
    referenceNo: (answer) => answer.originalReferenceNo,
    cancels: {
      'by reference number': (payment) => ({
        ...example('qrisCancelBody', { merchantId: caller.merchantId }),
        originalReferenceNo: payment.referenceNo,
      }),
      'by external id': (payment) => ({
        originalExternalId: payment.externalId,
        merchantId: caller.merchantId,
        reason: 'cancel reason',
      }),
    },
    unknown: { originalReferenceNo: 'A120240930075936LUOBMHxvPOID' },
  },
  va: {
    api: () => SnapBi.va(),
    codes: { create: '27', status: '26', cancel: '31' },
    body: (externalId, expiredDate = wholeSeconds(inTenMinutes())) => ({
      ...example('vaRequestBody', { externalId, merchantId: caller.merchantId }),
      ...account(freshCustomerNo()),
      expiredDate,
    }),
    statusBody: (payment) => ({
      ...example('vaStatusBody', { merchantId: caller.merchantId }),
      ...account(payment.body.customerNo),
      inquiryRequestId: payment.externalId,
    }),
    state: (answer) => answer.virtualAccountData.paymentFlagStatus,
    referenceNo: (answer) => answer.virtualAccountData.paymentRequestId,
    cancels: {
      'by trxId': (payment) => ({
        ...example('vaCancelBody', { merchantId: caller.merchantId }),
        ...account(payment.body.customerNo),
        trxId: payment.externalId,
      }),
    },
    unknown: { trxId: '18f2bd6d-e1be-43e2-89e4-8f9088251f60' },
  },
};

const success = (service) => ({ responseCode: `200${service}00`, responseMessage: 'Success' });

function assertHas(answer, members) {
  const found = Object.fromEntries(Object.keys(members).map((name) => [name, answer[name]]));
  assert.deepEqual(found, members, JSON.stringify(answer));
}

async function create(kind, body, externalId = randomUUID()) {
  const sent = body ?? kind.body(externalId);
  const created = await kind.api().withBody(sent).createPayment(externalId);
  assertHas(created, success(kind.codes.create));
  const payment = { externalId, body: sent, created, referenceNo: created.referenceNo };
  payment.referenceNo ??= kind.referenceNo(await status(kind, payment));
  return payment;
}

async function status(kind, payment) {
  const answer = await kind.api().withBody(kind.statusBody(payment)).getStatus(randomUUID());
  assertHas(answer, success(kind.codes.status));
  return answer;
}

function cancel(kind, body, externalId = randomUUID()) {
  return kind.api().withBody(body).cancel(externalId);
}

async function pay(payment) {
  const url = `${caller.adminUrl}/provider/v1/partners/${caller.clientId}` +
    `/transactions/${payment.referenceNo}/pay`;
  const headers = {
    Authorization: `Bearer ${caller.adminToken}`, 'Idempotency-Key': randomUUID(),
  };
  const answer = await fetch(url, { method: 'POST', headers });
  assert.equal(answer.status, 200, await answer.text());
}

describe('midtrans-client in the sandbox', () => {
  let server;
  let folder;
  before(async () => {
    folder = temporaryFolder();
    server = await Server.start(folder, '--sandbox');
    use(server.sandboxCredentials());
  });
  after(async () => {
    await server?.stop();
    fs.rmSync(folder, { recursive: true });
  });

  test('debit: the README example creates what it promises', async () => {
    const validUpTo = inTenMinutes();
    const { debit } = kinds;
    const payment = await create(debit, undefined);
    assert.match(payment.referenceNo, /^A1\d{14}[A-Za-z0-9]{10}ID$/);
    assert.equal(payment.created.partnerReferenceNo, payment.externalId);
    assert.equal(payment.created.additionalInfo.grossAmount, '1500.00');
    assert.ok(Math.abs(Date.parse(payment.created.additionalInfo.validUpTo) - validUpTo) < 60_000);
    assertHas(await status(debit, payment), {
      originalReferenceNo: payment.referenceNo,
      originalPartnerReferenceNo: payment.externalId,
      originalExternalId: payment.externalId,
      serviceCode: '54',
      latestTransactionStatus: '03',
      transAmount: { value: '1500.00', currency: 'IDR' },
    });
  });

  test('QRIS: the README example creates what it promises', async () => {
    const validityPeriod = inTenMinutes();
    const { qris } = kinds;
    const payment = await create(qris, undefined);
    assert.match(payment.created.qrContent, /^000201.*6304[0-9A-F]{4}$/);
    assert.equal(payment.created.partnerReferenceNo, payment.externalId);
    const until = Date.parse(payment.created.additionalInfo.validityPeriod);
    assert.ok(Math.abs(until - validityPeriod) < 60_000);
    assertHas(await status(qris, payment), {
      originalReferenceNo: payment.referenceNo,
      serviceCode: '47',
      latestTransactionStatus: '03',
      amount: { value: '1500.00', currency: 'IDR' },
    });
  });

  test('VA: the README example creates what it promises', async () => {
    const externalId = randomUUID();
    const shown = example('vaRequestBody', { externalId, merchantId: caller.merchantId });
    const payment = await create(kinds.va, {
      ...shown, ...account(shown.customerNo), expiredDate: wholeSeconds(inTenMinutes()),
    }, externalId);
    assertHas(payment.created.virtualAccountData, {
      ...account('0000000000'),
      virtualAccountName: 'Merchant Operation',
      trxId: externalId,
      totalAmount: { value: '1500.00', currency: 'IDR' },
      additionalInfo: { merchantId: caller.merchantId },
    });
    const { virtualAccountData } = await status(kinds.va, payment);
    assertHas(virtualAccountData, {
      paymentFlagStatus: '03', ...account('0000000000'), inquiryRequestId: externalId,
    });
  });

  for (const [name, kind] of Object.entries(kinds)) {
    const refusal = (reason) => ({
      responseCode: `403${kind.codes.cancel}15`,
      responseMessage: `Transaction Not Permitted.[${reason}].`,
    });
    const [cancelBody] = Object.values(kind.cancels);

    for (const [way, body] of Object.entries(kind.cancels)) {
      test(`${name}: a cancel ${way} is done once and its retries get the same bytes`, async () => {
        const payment = await create(kind);
        const externalId = randomUUID();
        const answer = await cancel(kind, body(payment), externalId);
        const first = lastText;
        assertHas(answer, success(kind.codes.cancel));
        assert.equal(kind.state(await status(kind, payment)), '05');
        await cancel(kind, body(payment), externalId);
        assert.equal(lastText, first);
        assertHas(await cancel(kind, body(payment)), refusal('already cancelled'));
      });
    }

    test(`${name}: a status by the cancel's own external id tells of its success`, async () => {
      const payment = await create(kind);
      const externalId = randomUUID();
      await cancel(kind, cancelBody(payment), externalId);
      const body = name === 'va'
        ? { ...kind.statusBody(payment), inquiryRequestId: externalId }
        : { originalExternalId: externalId };
      const answer = await kind.api().withBody(body).getStatus(randomUUID());
      assert.equal(kind.state(answer), '05', JSON.stringify(answer));
      assert.equal(kind.referenceNo(answer), payment.referenceNo);
    });

    test(`${name}: an external id used for another cancel is a conflict`, async () => {
      const payment = await create(kind);
      const externalId = randomUUID();
      assertHas(await cancel(kind, cancelBody(payment), externalId), success(kind.codes.cancel));
      const other = await create(kind);
      assertHas(await cancel(kind, cancelBody(other), externalId), {
        responseCode: `409${kind.codes.cancel}00`, responseMessage: 'Conflict',
      });
      assert.equal(kind.state(await status(kind, other)), '03');
    });

    test(`${name}: what the payer has paid cannot be cancelled`, async () => {
      const payment = await create(kind);
      await pay(payment);
      assertHas(await cancel(kind, cancelBody(payment)), refusal('already paid'));
      assert.equal(kind.state(await status(kind, payment)), '00');
    });

    test(`${name}: an unknown transaction is not found`, async () => {
      const payment = await create(kind);
      assertHas(await cancel(kind, { ...cancelBody(payment), ...kind.unknown }), {
        responseCode: `404${kind.codes.cancel}01`, responseMessage: 'Transaction Not Found',
      });
      assert.equal(kind.state(await status(kind, payment)), '03');
    });

    test(`${name}: a creation repeated with its external id gets the same bytes`, async () => {
      const externalId = randomUUID();
      const body = kind.body(externalId);
      const send = () => kind.api().withBody(body).createPayment(externalId);
      assertHas(await send(), success(kind.codes.create));
      const first = lastText;
      await send();
      assert.equal(lastText, first);
    });

    test(`${name}: 50 identical cancels at once are one cancel and 50 equal answers`, async () => {
      const payment = await create(kind);
      const externalId = randomUUID();
      const calls = Array.from({ length: 50 }, () => cancel(kind, cancelBody(payment), externalId));
      const answers = await Promise.all(calls);
      assertHas(answers[0], success(kind.codes.cancel));
      for (const answer of answers) assert.deepEqual(answer, answers[0]);
    });
  }

  test('a token is used for many calls, and a new one does not end it', async () => {
    const { accessToken } = await SnapBi.directDebit().getAccessToken();
    const payment = await create(kinds.debit);
    const answer = await SnapBi.directDebit().withAccessToken(accessToken)
      .withBody(kinds.debit.statusBody(payment)).getStatus(randomUUID());
    assertHas(answer, success('55'));
  });

  test('the README headers with their second spelling are taken', async () => {
    const headers = { 'X-device-id': 'your device id', 'debug-id': 'your debug id' };
    const externalId = randomUUID();
    const answer = await SnapBi.qris().withBody(kinds.qris.body(externalId))
      .withAccessTokenHeader(headers).withTransactionHeader(headers).createPayment(externalId);
    assertHas(answer, success('47'));
  });

  test('57 as the README shows it is told what is missing', async () => {
    const payment = await create(kinds.debit);
    for (const body of [{ originalReferenceNo: payment.referenceNo },
      { originalExternalId: payment.externalId }]) {
      assertHas(await cancel(kinds.debit, body), {
        responseCode: '4005702',
        responseMessage: 'Invalid Mandatory Field originalPartnerReferenceNo',
      });
    }
    assert.equal(kinds.debit.state(await status(kinds.debit, payment)), '03');
  });

  test('a wrong secret is refused, and the sandbox shows what was to be signed', async () => {
    const { accessToken } = await SnapBi.directDebit().getAccessToken();
    const timestamp = new Date().toISOString();
    const answer = await SnapBi.directDebit().withAccessToken(accessToken).withTimeStamp(timestamp)
      .withClientSecret('wrong').withBody({}).cancel(randomUUID());
    use(caller);
    assertHas(answer, { responseCode: '4015700', responseMessage: 'Unauthorized. Signature' });
    const { stringToSign } = answer.additionalInfo;
    assert.ok(stringToSign.startsWith(`POST:/v1.0/debit/cancel:${accessToken}:`), stringToSign);
    assert.ok(stringToSign.endsWith(`:${timestamp}`), stringToSign);
  });

  test('a service that is not there answers JSON', async () => {
    const body = example('directDebitRefundBody');
    assertHas(await SnapBi.directDebit().withBody(body).refund(randomUUID()), {
      responseCode: '4040000', responseMessage: 'Not Found',
    });
  });
});

describe('midtrans-client in production', () => {
  let server;
  let folder;
  let strict;
  before(async () => {
    folder = temporaryFolder();
    strict = newPartner(path.join(folder, 'partners'), 'strict', 'M1');
    server = await Server.start(folder);
    strict.baseUrl = server.url;
  });
  after(async () => {
    await server?.stop();
    fs.rmSync(folder, { recursive: true });
  });

  // The client has no other sign of a reload than that its partner is known.
  async function useFromReloadOn(partner) {
    use(partner);
    const deadline = Date.now() + 20_000;
    let answer;
    do {
      answer = await SnapBi.directDebit().getAccessToken();
    } while (!answer.accessToken && Date.now() < deadline);
    assertHas(answer, { responseCode: '2007300' });
  }

  test('a wrong secret is refused without a hint', async () => {
    use({ ...strict, clientSecret: 'wrong' });
    assert.deepEqual(await cancel(kinds.debit, {}), {
      responseCode: '4015700', responseMessage: 'Unauthorized. Signature',
    });
  });

  test('57 as the README shows it works with lenient_debit_cancel', async () => {
    const lenient = newPartner(
      path.join(folder, 'partners'), 'lenient', 'M2', '--lenient-debit-cancel');
    server.reload();
    await useFromReloadOn({ ...lenient, baseUrl: server.url });
    for (const body of [
      (payment) => ({ originalReferenceNo: payment.referenceNo }),
      (payment) => ({ originalExternalId: payment.externalId }),
    ]) {
      const payment = await create(kinds.debit);
      assertHas(await cancel(kinds.debit, body(payment)), success('57'));
      assert.equal(kinds.debit.state(await status(kinds.debit, payment)), '05');
    }
  });
});
