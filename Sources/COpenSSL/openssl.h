// The parts of OpenSSL 3 that the product uses.
#pragma once

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
