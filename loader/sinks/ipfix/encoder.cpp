// SPDX-License-Identifier: BSD-2-Clause
#include "sinks/ipfix/encoder.hpp"

#include <fixbuf/public.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "base/try.hpp"

namespace flowlabel {

enum TemplateId : std::uint16_t {
    no_template = 0,
    ingress_flows = 256,
    egress_flows,
    ingress_name,
    egress_name,
    metering_reliability,
    exporting_reliability,
};

/// RFC 5102 section 5.11.3, element 61.
enum class Direction : std::uint8_t { ingress = 0, egress = 1 };

struct NameFields {
    fbVarfield_t name;
    fbVarfield_t description;
    std::uint32_t interface;
};

/// Bytes of its data record with empty strings: the interface, and the length of each string in one byte.
constexpr std::size_t empty_name_bytes = 6;

/// A longer string would have its length in three bytes (RFC 7011 section 7).
constexpr std::size_t max_string = 254;

struct [[gnu::packed]] MeteringFields {
    std::uint32_t domain;
    std::uint64_t packets;
    std::uint64_t octets;
    std::uint64_t first;
    std::uint64_t last;
};

struct [[gnu::packed]] ExportingFields {
    std::uint32_t process;
    std::uint64_t flows;
    std::uint64_t packets;
    std::uint64_t octets;
    std::uint64_t first;
    std::uint64_t last;
};

struct Field {
    const char* name; // of the IANA registry
    std::uint16_t bytes;
};

struct Layout {
    TemplateId id;
    std::vector<Field> fields;
    std::uint16_t scope = 0;   // how many of them are scope fields; 0: not an options template
    std::vector<Field> memory; // their order in memory, if it is another one
};

/// The template of flows. Some columns have another element in egress flows.
static std::vector<Field> flow_template(Direction direction)
{
    std::vector<Field> fields;

    each_field([&]<class Getter>(const Column<Getter>& column) {
        const bool egress = direction == Direction::egress && column.ipfix.egress;

        fields.push_back({egress ? column.ipfix.egress : column.ipfix.name, field_bytes<Column<Getter>>()});
    });
    fields.insert(fields.end(), {{"flowDirection", 1}, {"ipVersion", 1}});
    return fields;
}

static std::vector<Layout> layouts()
{
    const Field name{"interfaceName", FB_IE_VARLEN}, description{"interfaceDescription", FB_IE_VARLEN};
    const Field in{"ingressInterface", 4}, out{"egressInterface", 4};
    const Field time{"observationTimeMilliseconds", 8};

    return {
        {.id = ingress_flows, .fields = flow_template(Direction::ingress)},
        {.id = egress_flows, .fields = flow_template(Direction::egress)},
        {.id = ingress_name, .fields = {in, name, description}, .scope = 1, .memory = {name, description, in}},
        {.id = egress_name, .fields = {out, name, description}, .scope = 1, .memory = {name, description, out}},
        {.id = metering_reliability,
         .fields =
             {{"observationDomainId", 4}, {"ignoredPacketTotalCount", 8}, {"ignoredOctetTotalCount", 8}, time, time},
         .scope = 1},
        {.id = exporting_reliability,
         .fields = {{"exportingProcessId", 4},
                    {"notSentFlowTotalCount", 8},
                    {"notSentPacketTotalCount", 8},
                    {"notSentOctetTotalCount", 8},
                    time,
                    time},
         .scope = 1},
    };
}

/// Turns an error of GLib into an Error.
class GlibError {
public:
    GlibError() = default;
    GlibError(const GlibError&) = delete;
    GlibError& operator=(const GlibError&) = delete;
    ~GlibError() { g_clear_error(&error_); }

    /// Where the next call stores its error.
    GError** out()
    {
        g_clear_error(&error_);
        return &error_;
    }

    /// True if the message is full, or may not hold what was to be added.
    [[nodiscard]] bool end_of_message() const
    {
        return g_error_matches(error_, FB_ERROR_DOMAIN, FB_ERROR_EOM) != FALSE;
    }

    [[nodiscard]] std::unexpected<Error> failed() const
    {
        return fail(fmt::format("cannot make an IPFIX message: {}", error_ != nullptr ? error_->message : "?"));
    }

private:
    GError* error_ = nullptr;
};

struct FreeModel {
    void operator()(fbInfoModel_t* model) const { fbInfoModelFree(model); }
};
struct FreeBuffer {
    void operator()(fBuf_t* buffer) const { fBufFree(buffer); }
};
struct FreeTemplate {
    void operator()(fbTemplate_t* tmpl) const { fbTemplateFreeUnused(tmpl); } // a session frees its templates itself
};
using Template = std::unique_ptr<fbTemplate_t, FreeTemplate>;

static Result<Template> make_template(fbInfoModel_t* model, const std::vector<Field>& fields, std::uint16_t scope)
{
    Template made(fbTemplateAlloc(model));
    GlibError error;

    for (const auto& [name, bytes] : fields) {
        fbInfoElementSpec_t spec{.name = const_cast<char*>(name), .len_override = bytes, .flags = 0};

        if (fbTemplateAppendSpec(made.get(), &spec, 0, error.out()) == FALSE)
            return error.failed();
    }
    if (scope > 0)
        fbTemplateSetOptionsScope(made.get(), scope);
    return made;
}

struct Encoder::State {
    explicit State(std::size_t size) : max_length(size), message(size) {}

    Result<void> make_templates();
    Result<void> end();
    Result<void> add_template(TemplateId id);
    Result<void> use(TemplateId id);
    Result<void> append(const void* record, std::size_t length);

    /// Adds something to the message with PUT, a call of libfixbuf. If the message cannot take it, ends the message and
    /// adds it to the next one.
    template <class Put> Result<void> put(Put put)
    {
        GlibError error;

        for (int tries = 0; tries < 2; tries++) {
            if (put(error.out())) {
                open = true;
                return {};
            }
            if (!error.end_of_message())
                break;
            TRY(end());
        }
        return error.failed();
    }

    std::size_t max_length;
    std::vector<std::uint8_t> message; // the buffer of libfixbuf, with one message
    std::unique_ptr<fbInfoModel_t, FreeModel> model{fbInfoModelAlloc()};
    fbSession_t* session = nullptr; // owned by `buffer`
    std::unique_ptr<fBuf_t, FreeBuffer> buffer;
    // Destroyed before the session, which frees those that it has.
    std::vector<std::pair<TemplateId, Template>> templates;
    Messages made;
    std::size_t domain = 0;
    TemplateId used = no_template;
    std::vector<std::pair<std::uint32_t, TemplateId>> known; // domain id and template that the session has
    std::uint32_t id = 0;                                    // of the domain
    bool open = false;                                       // a message is being made
    bool has_templates = false;
    std::uint32_t data_records = 0; // in this message
    std::uint32_t flow_records = 0;
};

Result<void> Encoder::State::make_templates()
{
    GlibError error;

    session = fbSessionAlloc(model.get());
    buffer.reset(
        fBufAllocForExport(session, fbExporterAllocBuffer(message.data(), static_cast<std::uint16_t>(max_length))));
    // With this, libfixbuf reports a full message as an error, so that put() takes it out before the next one begins.
    fBufSetAutomaticMode(buffer.get(), FALSE);
    for (const Layout& layout : layouts()) {
        auto sent = TRY(make_template(model.get(), layout.fields, layout.scope));
        auto memory = TRY(make_template(model.get(), layout.memory.empty() ? layout.fields : layout.memory, 0));

        if (fbSessionAddTemplate(session, TRUE, layout.id, memory.release(), error.out()) == 0)
            return error.failed();
        templates.emplace_back(layout.id, std::move(sent));
    }
    return {};
}

/// Ends the message, if one is open, and appends it to `made`.
Result<void> Encoder::State::end()
{
    GlibError error;

    if (!std::exchange(open, false))
        return {};
    if (fBufEmit(buffer.get(), error.out()) == FALSE)
        return error.failed();
    const std::size_t length = fbExporterGetMsgLen(fBufGetExporter(buffer.get()));

    made.list.push_back({.begin = made.bytes.size(),
                         .length = length,
                         .domain = domain,
                         .data_records = std::exchange(data_records, 0),
                         .flows = std::exchange(flow_records, 0),
                         .templates = std::exchange(has_templates, false)});
    made.bytes.insert(made.bytes.end(), message.begin(), message.begin() + static_cast<std::ptrdiff_t>(length));
    return {};
}

/// Adds a template to the message. libfixbuf writes a new template when the session gets it; one that the session has
/// is exported again.
Result<void> Encoder::State::add_template(TemplateId which)
{
    const std::pair key(id, which);
    const bool again = std::ranges::find(known, key) != known.end();
    const auto put_template = [&](GError** error) {
        if (again)
            return fbSessionExportTemplate(session, which, error) != FALSE;
        const auto& tmpl = std::ranges::find(templates, which, &std::pair<TemplateId, Template>::first)->second;

        return fbSessionAddTemplate(session, FALSE, which, tmpl.get(), error) != 0;
    };

    TRY(put(put_template));
    if (!again)
        known.push_back(key);
    has_templates = true;
    return {};
}

Result<void> Encoder::State::use(TemplateId which)
{
    GlibError error;

    if (used == which)
        return {};
    if (fBufSetInternalTemplate(buffer.get(), which, error.out()) == FALSE ||
        fBufSetExportTemplate(buffer.get(), which, error.out()) == FALSE)
        return error.failed();
    used = which;
    return {};
}

Result<void> Encoder::State::append(const void* record, std::size_t length)
{
    const auto bytes = static_cast<std::uint8_t*>(const_cast<void*>(record)); // libfixbuf only reads it
    const auto done = put([&](GError** error) { return fBufAppend(buffer.get(), bytes, length, error) != FALSE; });

    data_records += done ? 1 : 0;
    return done;
}

Result<Encoder> Encoder::make(std::size_t max_length)
{
    auto state = std::make_unique<State>(max_length);

    TRY(state->make_templates());
    return Encoder(std::move(state));
}

Encoder::Encoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Encoder::Encoder(Encoder&&) noexcept = default;
Encoder& Encoder::operator=(Encoder&&) noexcept = default;
Encoder::~Encoder() = default;

Messages& Encoder::messages()
{
    return state_->made;
}

Result<void> Encoder::finish()
{
    return state_->end();
}

Result<void> Encoder::begin(std::uint32_t id, std::size_t number)
{
    if (state_->id == id && state_->domain == number)
        return {};
    const auto ended = state_->end();

    fbSessionSetDomain(state_->session, id);
    state_->id = id;
    state_->domain = number;
    state_->used = no_template;
    return ended;
}

static bool is_egress(fl_hook hook)
{
    return hook == FL_HOOK_TC_EGRESS;
}

Result<void> Encoder::flow_templates(fl_hook hook)
{
    // In this order each options template has a set of its own: of a set with several, nfacctd 1.7.7 reads only the
    // first.
    for (const TemplateId id : {is_egress(hook) ? egress_name : ingress_name,
                                is_egress(hook) ? egress_flows : ingress_flows, metering_reliability})
        TRY(state_->add_template(id));
    return finish();
}

Result<void> Encoder::exporting_template()
{
    TRY(state_->add_template(exporting_reliability));
    return finish();
}

/// TEXT as UTF-8 (RFC 7011 section 6.1.6) of at most MAX_BYTES bytes, truncated between two characters.
static std::string utf8(const std::string& text, std::size_t max_bytes)
{
    const std::unique_ptr<char, decltype(&g_free)> valid(
        g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())), g_free);
    std::string made = valid.get();
    std::size_t end = std::min({made.size(), max_bytes, max_string});

    while (end < made.size() && (static_cast<std::uint8_t>(made[end]) & 0xC0) == 0x80) // inside a character
        end--;
    made.resize(end);
    return made;
}

/// Names the network namespace of the interface, for which IPFIX has no element.
static std::string description_of(const ObservationPoint& point)
{
    return fmt::format("netns {}{}", point.netns_inode,
                       point.netns_name.empty() ? "" : fmt::format(" ({})", point.netns_name));
}

static fbVarfield_t varfield(std::string& text)
{
    return {.len = text.size(), .buf = reinterpret_cast<std::uint8_t*>(text.data())};
}

Result<void> Encoder::interface_name(const ObservationPoint& point)
{
    const std::size_t room = state_->max_length - message_header - set_header - empty_name_bytes;
    std::string name = utf8(point.interface, room);
    std::string description = utf8(description_of(point), room - name.size());
    const NameFields fields{.name = varfield(name), .description = varfield(description), .interface = point.ifindex};

    TRY(state_->use(is_egress(point.hook) ? egress_name : ingress_name));
    return state_->append(&fields, sizeof(fields));
}

Result<void> Encoder::metering(std::uint32_t id, const Reliability& ignored)
{
    const MeteringFields fields{.domain = id,
                                .packets = ignored.amount.packets,
                                .octets = ignored.amount.octets,
                                .first = ignored.first,
                                .last = ignored.last};

    TRY(state_->use(metering_reliability));
    return state_->append(&fields, sizeof(fields));
}

Result<void> Encoder::exporting(std::uint32_t process, const Reliability& not_sent)
{
    const ExportingFields fields{.process = process,
                                 .flows = not_sent.records,
                                 .packets = not_sent.amount.packets,
                                 .octets = not_sent.amount.octets,
                                 .first = not_sent.first,
                                 .last = not_sent.last};

    TRY(state_->use(exporting_reliability));
    return state_->append(&fields, sizeof(fields));
}

/// The fields of a record in the order of the template and in the byte order of this machine. libfixbuf swaps them.
static std::array<std::uint8_t, flow_bytes> flow_fields(const ObservationPoint& point, const FlowRecord& record,
                                                        Direction direction)
{
    constexpr std::uint8_t ip_version = 6;
    std::array<std::uint8_t, flow_bytes> fields{};
    std::uint8_t* at = fields.data();

    each_field([&](const auto& column) {
        const auto field = ipfix_field(value_in(column, point, record));

        std::memcpy(at, &field, sizeof(field));
        at += sizeof(field);
    });
    *at++ = static_cast<std::uint8_t>(direction);
    *at = ip_version;
    return fields;
}

Result<void> Encoder::flows(const ObservationPoint& point, std::span<const FlowRecord> records)
{
    const std::size_t room = (state_->max_length - message_header - set_header) / flow_bytes;
    const Direction direction = is_egress(point.hook) ? Direction::egress : Direction::ingress;

    if (state_->data_records != state_->flow_records) // a message with flows has nothing else, so that ROOM flows fit
        TRY(state_->end());
    TRY(state_->use(is_egress(point.hook) ? egress_flows : ingress_flows));
    for (const FlowRecord& record : records) {
        const auto fields = flow_fields(point, record, direction);

        TRY(state_->append(fields.data(), fields.size()));
        if (++state_->flow_records == room) // libfixbuf would find it full, too, but allocates an error for that
            TRY(state_->end());
    }
    return {};
}

void Messages::set_sequence(const Message& message, std::uint32_t sequence)
{
    constexpr std::size_t offset = 8; // after version, length and export time
    const std::uint32_t value = g_htonl(sequence);

    std::memcpy(bytes.data() + message.begin + offset, &value, sizeof(value));
}

} // namespace flowlabel
