-- Asks the portal whether a call may pass, for haproxy.cfg. Leaves the answer's status in txn.portal (0: none came),
-- the reason of a refusal in txn.portal_reason and so on, and on 204 puts the portal's headers on the request.

local GATEWAY = os.getenv("PORTAL_GATEWAY")
local NAME = os.getenv("PORTAL_NAME")
local CREDENTIAL = os.getenv("PORTAL_CREDENTIAL")
local MILLISECONDS = 1000  -- for each of four tries, which HAProxy 2.6 makes by itself

-- Nothing of the shop's request goes along but these.
local ASKED = { "magento-api-key", "x-api-key", "x-gw-signature", "magento-environment-id", "x-saas-id", "user-agent" }
local SAID = {
    "x-portal-account", "x-portal-tenant", "x-portal-environment", "x-portal-data-space",
    "x-portal-holder", "x-portal-delegation", "x-portal-flags",
}
local REFUSED = { "reason", "sentence", "mend" }

-- All values of a header, from 0 on in what HAProxy hands out, as one; nil when there is none.
local function joined(values)
    if values == nil then
        return nil
    end
    local all = {}
    local index = values[0] ~= nil and 0 or 1
    while values[index] ~= nil do
        all[#all + 1] = values[index]
        index = index + 1
    end
    return table.concat(all, ", ")
end

local function question(txn)
    local sent = txn.http:req_get_headers()
    local headers = {
        ["host"] = { NAME },
        ["x-portal-credential"] = { CREDENTIAL },
        ["x-portal-client-address"] = { txn.f:src() },
    }
    for _, name in ipairs(ASKED) do
        local value = joined(sent[name])
        if value ~= nil then
            headers[name] = { value }
        end
    end
    return headers
end

core.register_action("ask_portal", { "http-req" }, function(txn)
    txn:set_var("txn.portal", 0)
    local url = GATEWAY .. "/gateway/check/" .. txn:get_var("txn.service")
    local answer = core.httpclient():get { url = url, headers = question(txn), timeout = MILLISECONDS }
    if answer == nil or answer.status == nil then
        return
    end
    local reason = joined(answer.headers["x-portal-reason"]) or ""
    -- That the portal does not know this gateway (asker_…) is no business of the shop's.
    if answer.status ~= 204 and (reason == "" or reason:find("^asker_")) then
        return
    end
    if answer.status == 204 and answer.headers["x-portal-account"] == nil then
        return
    end
    for _, name in ipairs(REFUSED) do
        txn:set_var("txn.portal_" .. name, joined(answer.headers["x-portal-" .. name]) or "")
    end
    if answer.status == 204 then
        for _, name in ipairs(SAID) do
            local value = joined(answer.headers[name])
            if value ~= nil then
                txn.http:req_set_header(name, value)
            end
        end
    end
    txn:set_var("txn.portal", answer.status)
end)
