// The text of a dynamic QR code: EMV tags, as a QRIS has them, ended by a CRC-16.
//
// It can be shown and scanned; the account in it is batal's own and of no real network.
#pragma once

#include <string>

#include "payment/transaction.h"

namespace batal::services {

std::string qr_content(const payment::Transaction& transaction);

}  // namespace batal::services
