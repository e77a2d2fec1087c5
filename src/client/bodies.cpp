#include "client/bodies.h"

#include "snap/json_writer.h"

namespace batal::client {
namespace {

using Text = std::optional<std::string>;

// A body under construction; what is not given is left out.
class Body {
 public:
  Body() { json_.begin_object(); }

  Body& text(std::string_view key, const std::string& value) {
    json_.member(key, value);
    return *this;
  }
  Body& text(std::string_view key, const Text& value) {
    if (value) json_.member(key, *value);
    return *this;
  }
  Body& amount(std::string_view key, const Amount& value) {
    json_.begin_object(key).member("value", value.value).member("currency", value.currency);
    json_.end_object();
    return *this;
  }
  Body& amount(std::string_view key, const std::optional<Amount>& value) {
    return value ? amount(key, *value) : *this;
  }
  Body& additional_info(std::string_view key, const Text& value) {
    if (value) json_.begin_object("additionalInfo").member(key, *value).end_object();
    return *this;
  }
  Body& pay_option(const CreateDebit& request) {
    json_.begin_array("payOptionDetails").begin_object();
    text("payMethod", request.pay_method).text("payOption", request.pay_option);
    amount("transAmount", request.amount);
    json_.end_object().end_array();
    return *this;
  }
  // The fields that name a transaction, but for the external id of pre-auth.
  template <class Request>
  Body& original(const Request& request) {
    return text("originalPartnerReferenceNo", request.original_partner_reference_no)
        .text("originalReferenceNo", request.original_reference_no);
  }
  template <class Request>
  Body& virtual_account(const Request& request) {
    return text("partnerServiceId", request.partner_service_id)
        .text("customerNo", request.customer_no)
        .text("virtualAccountNo", request.virtual_account_no);
  }
  std::string finished() {
    json_.end_object();
    return std::move(out_);
  }

 private:
  std::string out_;
  snap::JsonWriter json_{out_};
};

}  // namespace

std::string to_json(const CreateDebit& request) {
  return Body()
      .text("partnerReferenceNo", request.partner_reference_no)
      .text("merchantId", request.merchant_id)
      .text("chargeToken", request.charge_token)
      .text("validUpTo", request.valid_up_to)
      .pay_option(request)
      .finished();
}

std::string to_json(const QueryDebit& request) {
  return Body()
      .original(request)
      .text("originalExternalId", request.original_external_id)
      .text("serviceCode", std::string(info(Service::CreateDebit).code))
      .finished();
}

std::string to_json(const CancelDebit& request) {
  return Body()
      .original(request)
      .text("originalExternalId", request.original_external_id)
      .finished();
}

std::string to_json(const CreateQris& request) {
  return Body()
      .text("partnerReferenceNo", request.partner_reference_no)
      .amount("amount", request.amount)
      .text("merchantId", request.merchant_id)
      .text("validityPeriod", request.validity_period)
      .finished();
}

std::string to_json(const QueryQris& request) {
  return Body()
      .original(request)
      .text("originalExternalId", request.original_external_id)
      .text("merchantId", request.merchant_id)
      .text("serviceCode", std::string(info(Service::CreateQris).code))
      .finished();
}

std::string to_json(const CancelQris& request) {
  return Body()
      .original(request)
      .text("originalExternalId", request.original_external_id)
      .text("merchantId", request.merchant_id)
      .text("subMerchantId", request.sub_merchant_id)
      .text("externalStoreId", request.external_store_id)
      .text("reason", request.reason)
      .amount("amount", request.amount)
      .finished();
}

std::string to_json(const Authorise& request) {
  return Body()
      .text("partnerReferenceNo", request.partner_reference_no)
      .text("merchantId", request.merchant_id)
      .amount("amount", request.amount)
      .text("title", request.title)
      .text("validUpTo", request.valid_up_to)
      .finished();
}

std::string to_json(const QueryAuthorisation& request) {
  return Body()
      .original(request)
      .additional_info("originalExternalId", request.original_external_id)
      .finished();
}

std::string to_json(const Capture& request) {
  return Body()
      .original(request)
      .text("merchantId", request.merchant_id)
      .text("partnerCaptureNo", request.partner_capture_no)
      .text("title", request.title)
      .additional_info("originalExternalId", request.original_external_id)
      .finished();
}

std::string to_json(const VoidAuthorisation& request) {
  return Body()
      .original(request)
      .text("merchantId", request.merchant_id)
      .text("partnerVoidNo", request.partner_void_no)
      .text("reason", request.reason)
      .additional_info("originalExternalId", request.original_external_id)
      .finished();
}

std::string to_json(const CreateVirtualAccount& request) {
  return Body()
      .virtual_account(request)
      .text("virtualAccountName", request.virtual_account_name)
      .text("trxId", request.trx_id)
      .amount("totalAmount", request.total_amount)
      .text("expiredDate", request.expired_date)
      .additional_info("merchantId", request.merchant_id)
      .finished();
}

std::string to_json(const QueryVirtualAccount& request) {
  return Body()
      .virtual_account(request)
      .text("inquiryRequestId", request.inquiry_request_id)
      .additional_info("merchantId", request.merchant_id)
      .finished();
}

std::string to_json(const DeleteVirtualAccount& request) {
  return Body()
      .virtual_account(request)
      .text("trxId", request.trx_id)
      .additional_info("merchantId", request.merchant_id)
      .finished();
}

}  // namespace batal::client
