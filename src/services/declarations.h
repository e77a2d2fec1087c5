// The services that registry.cpp lists, each declared in the file of its name.
#pragma once

#include "services/service.h"

namespace batal::services {

extern const Service kAccessTokenB2b;  // 73 access_token_b2b.cpp: the only one without a command

extern const Service kDebitCancel;  // 57 debit_cancel.cpp
extern const Service kQrMpmCancel;  // 77 qr_mpm_cancel.cpp
extern const Service kAuthVoid;     // 67 auth_void.cpp
extern const Service kDeleteVa;     // 31 delete_va.cpp

extern const Service kDebitPayment;   // 54 debit_payment.cpp
extern const Service kDebitStatus;    // 55 debit_status.cpp
extern const Service kQrMpmGenerate;  // 47 qr_mpm_generate.cpp
extern const Service kQrMpmQuery;     // 51 qr_mpm_query.cpp
extern const Service kAuthPayment;    // 63 auth_payment.cpp
extern const Service kAuthQuery;      // 64 auth_query.cpp
extern const Service kAuthCapture;    // 65 auth_capture.cpp
extern const Service kCreateVa;       // 27 create_va.cpp
extern const Service kVaStatus;       // 26 va_status.cpp

}  // namespace batal::services
