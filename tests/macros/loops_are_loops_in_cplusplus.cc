/* SPDX-License-Identifier: BSD-3-Clause */
#include <parallel.h>

#include <atomic>
#include <complex>
#include <vector>

#include "tests/support/property.h"

namespace
{
template <class Vector> double sum_of(const Vector &numbers)
{
    double sum = 0;
    PARALLEL_REDUCE(i, 0, numbers.size(), (+, sum), .workers = 3)
        sum += numbers[i];
    return sum;
}

void add_all(const std::vector<int> &numbers, long &total)
{
    PARALLEL_REDUCE(i, 0, numbers.size(), (+, total))
        total += numbers[i];
}

struct peak {
    double value;
    size_t at;
};

void keep_peak(peak *into, const peak *from)
{
    if (from->value > into->value)
        *into = *from;
}

class field
{
  public:
    explicit field(size_t count) : cells(count, 1.0)
    {
    }
    void scale(double factor)
    {
        PARALLEL_FOR(i, 0, cells.size(), .workers = 2)
            cells[i] *= factor;
    }
    std::vector<double> cells;
};
} // namespace

PROPERTY(in_templates_and_members)
{
    std::vector<double> numbers(10000, 0.5);
    ck_assert(sum_of(numbers) == 5000);
    field cells(1000);
    cells.scale(3);
    ck_assert(sum_of(cells.cells) == 3000);
}
PROPERTY_END

PROPERTY(in_lambdas_with_references)
{
    long total = 7;
    std::vector<int> numbers(1000, 2);
    auto add = [&] { add_all(numbers, total); };
    add();
    ck_assert_int_eq(total, 2007);
}
PROPERTY_END

PROPERTY(with_every_operator_and_classes)
{
    std::complex<double> z = 0;
    bool all = true, any = false;
    unsigned char bits = 0;
    float least = 1e9f;
    long most = -1;
    peak best = {-1, 0};
    unsigned mask = ~0u, parity = 0;
    int product = 1;
    PARALLEL_REDUCE(i, 0, (size_t)1000, (+, z), (&&, all), (||, any), (|, bits), (min, least), (max, most),
                    (keep_peak, best, peak{-1, 0}), (&, mask), (^, parity), (*, product), .workers = 3) {
        z += std::complex<double>(1, 2);
        all = all && i < 1000;
        any = any || i == 999;
        bits = static_cast<unsigned char>(bits | (i & 5));
        least = static_cast<float>(i) < least ? static_cast<float>(i) : least;
        most = static_cast<long>(i) > most ? static_cast<long>(i) : most;
        if (static_cast<double>(i * 7 % 1000) > best.value)
            best = peak{static_cast<double>(i * 7 % 1000), i};
        mask &= ~static_cast<unsigned>(i & 1);
        parity ^= static_cast<unsigned>(i);
        product *= i % 500 == 3 ? 5 : 1;
    }
    ck_assert(z == std::complex<double>(1000, 2000));
    ck_assert(all && any && bits == 5 && least == 0 && most == 999);
    ck_assert(best.value == 999 && best.at == 857);
    ck_assert_uint_eq(mask, ~1u);
    ck_assert_uint_eq(parity, 0);
    ck_assert_int_eq(product, 25);
}
PROPERTY_END

PROPERTY(that_stop_and_fail)
{
    parallel_error failure;
    int64_t where = 0;
    PARALLEL_FOR(i, 0, 1000, .workers = 4, .status = &failure, .stopped_at = &where)
        if (i >= 500) {
            parallel_fail(12, "item %d", i);
            break;
        }
    ck_assert_int_eq(failure.code, 12);
    ck_assert_str_eq(failure.message, "item 500");
    ck_assert_int_eq(where, 500);
}
PROPERTY_END

PROPERTY(over_atomics)
{
    std::atomic<int> hits(0);
    PARALLEL_FOR(i, -500L, 500)
        hits++;
    ck_assert_int_eq(hits.load(), 1000);
}
PROPERTY_END

PROPERTIES(in_templates_and_members, in_lambdas_with_references, with_every_operator_and_classes, that_stop_and_fail,
           over_atomics)
