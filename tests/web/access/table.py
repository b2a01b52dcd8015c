"""Who may do what at every route: the access table (design 2.1, security.md 3.1). A route without a row fails."""

from dataclasses import dataclass

from tests.access.world import CALLERS
from tests.web.access.routes import Route

# Everybody asks for the thing at their own place: members and strangers at the client; the next four at the partner,
# which has a partner contract and no licence; the vendor's staff and the suspended owner at their own accounts.
#   ano  a visitor                                     sig  the signer of the partner contract, a viewer otherwise
#   vie, dev, key, own  viewer, developer, key         dep  a deputy inside the dates, a viewer otherwise
#        manager and owner of the client               lat  a deputy after the dates
#   oth  the owner of another tenant                   bys  the partner's owner, who signs nothing
#   liv  an integrator with a running delegation       adm, ope  partner admin and operator
#   out  the same, for what lies outside of it: of     dis  an owner of the client whose sign-in is disabled
#        another environment, project or holder        sus  the owner of a suspended tenant
#   pau, end  with one that is paused, or has ended
# 302 is the way to sign-in, or on; 303 it is done, and for scripts 200 or 201; 401 there is no token that works;
# 403 known, and not allowed; 404 does not exist for this caller;
# - the address names nothing that could lie outside.
TABLE = """
                                          ano vie dev key own oth liv out pau end sig dep lat bys adm ope dis sus
GET  accounts.accept_invitation           200 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 200 200
POST accounts.accept_invitation           303 403 403 403 403 403 403   - 403 403 403 403 403 403 403 403 303 403
POST accounts.choose                      302 303 303 303 303 303 303   - 303 303 303 303 303 303 303 303 302 303
POST accounts.end_all_sessions            302 303 303 303 303 303 303   - 303 303 303 303 303 303 303 303 302 303
POST accounts.end_other_sessions          302 303 303 303 303 303 303   - 303 303 303 303 303 303 303 303 302 303
POST accounts.end_session                 302 303 303 303 303 303 303   - 303 303 303 303 303 303 303 303 302 303
GET  accounts.confirm_app                 302 404 404 404 404 404 404   - 404 404 200 404 404 404 404 404 302 404
POST accounts.confirm_app                 302 404 404 404 404 404 404   - 404 404 303 404 404 404 404 404 302 404
GET  accounts.forgotten                   200 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 200 200
POST accounts.forgotten                   303 303 303 303 303 303 303   - 303 303 303 303 303 303 303 303 303 303
GET  accounts.forgotten_sent              200 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 200 200
GET  accounts.home                        302 302 302 302 302 302 302   - 302 302 302 302 302 302 302 302 302 302
GET  accounts.lost_factors                200 302 302 302 302 302 302   - 302 302 302 302 302 302 302 302 302 302
POST accounts.lost_factors                303 302 302 302 302 302 302   - 302 302 302 302 302 302 302 302 302 302
GET  accounts.new_app                     302 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 302 200
POST accounts.new_app                     302 303 303 303 303 303 303   - 303 303 303 303 303 303 303 303 302 303
GET  accounts.confirm_passkey             302 404 404 404 404 404 404   - 404 404 404 404 404 404 200 404 302 404
POST accounts.confirm_passkey             302 404 404 404 404 404 404   - 404 404 404 404 404 404 200 404 302 404
GET  accounts.new_passkey                 302 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 302 200
POST accounts.new_passkey                 302 303 303 303 303 303 303   - 303 303 303 303 303 303 303 303 302 303
GET  accounts.rename_passkey              302 404 404 404 404 404 404   - 404 404 200 404 404 404 404 404 302 404
POST accounts.rename_passkey              302 404 404 404 404 404 404   - 404 404 303 404 404 404 404 404 302 404
GET  accounts.remove_passkey              302 404 404 404 404 404 404   - 404 404 200 404 404 404 404 404 302 404
POST accounts.remove_passkey              302 404 404 404 404 404 404   - 404 404 303 404 404 404 404 404 302 404
GET  accounts.password                    302 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 302 200
POST accounts.password                    302 303 303 303 303 303 303   - 303 303 422 303 303 303 303 303 302 303
GET  accounts.find_provider               200 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 200 200
POST accounts.find_provider               303 303 303 303 303 303 303   - 303 303 303 303 303 303 422 422 303 422
GET  accounts.with_provider               200 200 200 200 200 200 200   - 200 200 200 200 200 200 404 404 200 404
GET  accounts.to_provider                 302 302 302 302 302 302 302   - 302 302 302 302 302 302 404 404 302 404
GET  accounts.from_provider               403 403 403 403 403 403 403   - 403 403 403 403 403 403 403 403 403 403
GET  accounts.connect_provider            302 200 200 200 200 404 404   - 404 404 200 200 200 200 404 404 302 404
POST accounts.connect_provider            302 303 303 303 303 404 404   - 404 404 303 303 303 303 404 404 302 404
GET  accounts.join_provider               302 302 302 302 302 200 200   - 200 200 302 302 302 302 404 404 302 404
POST accounts.join_provider               302 409 409 409 409 303 303   - 303 303 409 409 409 409 404 404 302 404
GET  accounts.join_go                     302 302 302 302 302 302 302   - 302 302 302 302 302 302 404 404 302 404
GET  accounts.connect_go                  302 302 302 302 302 404 404   - 404 404 302 302 302 302 404 404 302 404
POST accounts.disconnect_provider         302 404 404 404 303 404 404   - 404 404 404 404 404 303 404 404 302 404
POST accounts.preferences                 303 303 303 303 303 303 303   - 303 303 303 303 303 303 303 303 303 303
GET  accounts.profile                     302 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 302 200
POST accounts.profile                     302 303 303 303 303 303 303   - 303 303 303 303 303 303 303 303 302 303
GET  accounts.recovery_codes              302 404 404 404 404 404 404   - 404 404 200 404 404 404 404 404 302 404
POST accounts.recovery_codes              302 404 404 404 404 404 404   - 404 404 200 404 404 404 404 404 302 404
GET  accounts.remove_app                  302 404 404 404 404 404 404   - 404 404 200 404 404 404 404 404 302 404
POST accounts.remove_app                  302 404 404 404 404 404 404   - 404 404 303 404 404 404 404 404 302 404
GET  accounts.rename_app                  302 404 404 404 404 404 404   - 404 404 200 404 404 404 404 404 302 404
POST accounts.rename_app                  302 404 404 404 404 404 404   - 404 404 303 404 404 404 404 404 302 404
GET  accounts.reset                       200 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 200 200
POST accounts.reset                       303 303 303 303 303 303 303   - 303 303 303 303 303 303 303 303 303 303
GET  accounts.security                    302 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 302 200
GET  accounts.sessions                    302 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 302 200
GET  accounts.sign_in                     200 302 302 302 302 302 302   - 302 302 302 302 302 302 302 302 200 302
POST accounts.sign_in                     303 303 303 303 303 303 303   - 303 303 303 303 303 303 303 303 422 303
GET  accounts.sign_in_code                200 302 302 302 302 302 302   - 302 302 302 302 302 302 302 302 302 302
POST accounts.sign_in_code                303 302 302 302 302 302 302   - 302 302 302 302 302 302 302 302 302 302
POST accounts.sign_out                    303 303 303 303 303 303 303   - 303 303 303 303 303 303 303 303 303 303
GET  accounts.stop_recovery               200 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 200 200
POST accounts.stop_recovery               303 303 303 303 303 303 303   - 303 303 303 303 303 303 303 303 303 303
GET  accounts.switch                      302 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 302 200

GET  activity.csv                         302 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 302 403
GET  activity.export                      302 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 302 403
POST activity.export                      302 303 303 303 303 404 404   - 403 404 303 303 303 303 303 303 302 403
GET  activity.index                       302 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 302 403

GET  console.access                       302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
GET  console.amend                        302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
POST console.amend                        302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 403 302 403
GET  console.contracts                    302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
GET  console.credentials                 302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
GET  console.decide                       302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
POST console.decide                       302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 403 302 403
GET  console.decide_surplus               302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
POST console.decide_surplus               302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 403 302 403
GET  console.delegations                  302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
GET  console.end_contract                 302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
POST console.end_contract                 302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 403 302 403
POST console.end_look_in                  302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 303 302 403
GET  console.entitlements                 302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
GET  console.export                       302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
POST console.export                       302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
GET  console.gateway                      302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
GET  console.person                       302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
GET  console.disable_person               302 403 403 403 403 404 403   - 403 404 403 403 403 403 403 200 302 403
POST console.disable_person               302 403 403 403 403 404 403   - 403 404 403 403 403 403 403 303 302 403
GET  console.enable_person                302 403 403 403 403 404 403   - 403 404 403 403 403 403 403 200 302 403
POST console.enable_person                302 403 403 403 403 404 403   - 403 404 403 403 403 403 403 303 302 403
GET  console.extend_contract              302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
POST console.extend_contract              302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 403 302 403
POST console.import_apply                 302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 403 302 403
POST console.import_check                 302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 403 302 403
POST console.import_discard               302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 403 302 403
GET  console.import_list                  302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
GET  console.import_new                   302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
POST console.import_new                   302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 403 302 403
GET  console.import_report                302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
GET  console.import_show                  302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
GET  console.import_template              302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
GET  console.installations                302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
GET  console.invite_owner                 302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
POST console.invite_owner                 302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 303 302 403
GET  console.issue_credential            302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
POST console.issue_credential            302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
GET  console.look_in                      302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
POST console.look_in                      302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 303 302 403
GET  console.new_contract                 302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
POST console.new_contract                 302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 403 302 403
GET  console.open_tenant                  302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
POST console.open_tenant                  302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 303 302 403
GET  console.overview                     302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
GET  console.propose_signer               302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
POST console.propose_signer               302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 403 302 403
GET  console.recoveries                   302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
GET  console.recovery                     302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
POST console.recovery                     302 403 403 403 403 404 403   - 403 404 403 403 403 403 422 303 302 403
GET  console.renew_contract               302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
POST console.renew_contract               302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 403 302 403
GET  console.revoke_credential           302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
POST console.revoke_credential           302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 403 302 403
GET  console.rotate_credential           302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
POST console.rotate_credential           302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
GET  console.search                       302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
GET  console.standing                     302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
POST console.standing                     302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 403 302 403
GET  console.stop_signer_change           302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
POST console.stop_signer_change           302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 403 302 403
GET  console.queue                        302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
GET  console.show_request                 302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
GET  console.tenant                       302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
GET  console.tenants                      302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403

GET  contracts.ask                        302 403 403 403 200 404 403   - 403 404 403 403 403 409 403 403 302 403
POST contracts.ask                        302 403 403 403 303 404 403   - 403 404 403 403 403 409 403 403 302 403
GET  contracts.index                      302 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 302 403
GET  contracts.name_deputy                302 403 403 403 403 404 404   - 403 404 200 403 403 403 404 404 302 403
POST contracts.name_deputy                302 403 403 403 403 404 404   - 403 404 303 403 403 403 404 404 302 403
GET  contracts.propose_signer             302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST contracts.propose_signer             302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  contracts.stop_signer_change         302 403 403 403 403 404 404   - 403 404 200 403 403 403 404 404 302 403
POST contracts.stop_signer_change         302 403 403 403 403 404 404   - 403 404 303 403 403 403 404 404 302 403
GET  contracts.withdraw_deputy            302 403 403 403 403 404 404   - 403 404 200 403 403 403 404 404 302 403
POST contracts.withdraw_deputy            302 403 403 403 403 404 404   - 403 404 303 403 403 403 404 404 302 403
POST contracts.withdraw_signer_change     302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403

GET  dashboards.overview                  302 200 200 200 200 404 200   - 403 404 200 200 200 200 302 302 302 403

GET  delegations.accept                   302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST delegations.accept                   302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  delegations.accept:ticket            302 403 403 200 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST delegations.accept:ticket            302 403 403 303 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  delegations.answer_widening          302 403 403 403 200 404 403 403 403 404 403 403 403 200 403 403 302 403
POST delegations.answer_widening          302 403 403 403 303 404 403 403 403 404 403 403 403 303 403 403 302 403
GET  delegations.approve                  302 403 403 403 200 404 403 403 403 404 403 403 403 200 403 403 302 403
POST delegations.approve                  302 403 403 403 303 404 403 403 403 404 403 403 403 303 403 403 302 403
GET  delegations.client                   302 200 200 200 200 404 404   - 403 404 200 200 200 200 404 404 302 403
GET  delegations.client_answer_widening   302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST delegations.client_answer_widening   302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  delegations.client_decline           302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST delegations.client_decline           302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  delegations.client_decline:ticket    302 403 403 200 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST delegations.client_decline:ticket    302 403 403 303 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  delegations.client_end               302 403 403 200 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST delegations.client_end               302 403 403 303 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  delegations.client_pause             302 403 403 200 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST delegations.client_pause             302 403 403 303 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  delegations.client_resume            302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST delegations.client_resume            302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  delegations.client_widen             302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST delegations.client_widen             302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  delegations.client_withdraw          302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST delegations.client_withdraw          302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
POST delegations.client_withdraw_widening 302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  delegations.clients                  302 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 302 403
GET  delegations.decline                  302 403 403 403 200 404 403 403 403 404 403 403 403 200 403 403 302 403
POST delegations.decline                  302 403 403 403 303 404 403 403 403 404 403 403 403 303 403 403 302 403
GET  delegations.end                      302 403 403 200 200 404 403 403 403 404 403 403 403 200 403 403 302 403
POST delegations.end                      302 403 403 303 303 404 403 403 403 404 403 403 403 303 403 403 302 403
GET  delegations.integrators              302 200 200 200 200 404 200   - 403 404 200 200 200 200 200 200 302 403
GET  delegations.narrow                   302 403 403 403 200 404 403 403 403 404 403 403 403 200 403 403 302 403
POST delegations.narrow                   302 403 403 403 303 404 403 403 403 404 403 403 403 303 403 403 302 403
GET  delegations.offer                    302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST delegations.offer                    302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  delegations.pause                    302 403 403 200 200 404 403 403 403 404 403 403 403 200 403 403 302 403
POST delegations.pause                    302 403 403 303 303 404 403 403 403 404 403 403 403 303 403 403 302 403
GET  delegations.request                  302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST delegations.request                  302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  delegations.resume                   302 403 403 403 200 404 403 403 403 404 403 403 403 200 403 403 302 403
POST delegations.resume                   302 403 403 403 303 404 403 403 403 404 403 403 403 303 403 403 302 403
GET  delegations.show                     302 200 200 200 200 404 200 404 403 404 200 200 200 200 404 404 302 403
GET  delegations.ticket                   302 403 403 200 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST delegations.ticket                   302 403 403 303 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  delegations.widen                    302 403 403 403 200 404 403 403 403 404 403 403 403 200 403 403 302 403
POST delegations.widen                    302 403 403 403 303 404 403 403 403 404 403 403 403 303 403 403 302 403
GET  delegations.withdraw                 302 403 403 403 200 404 403 403 403 404 403 403 403 200 403 403 302 403
POST delegations.withdraw                 302 403 403 403 303 404 403 403 403 404 403 403 403 303 403 403 302 403
GET  delegations.withdraw:ticket          302 403 403 200 200 404 403 403 403 404 403 403 403 200 403 403 302 403
POST delegations.withdraw:ticket          302 403 403 303 303 404 403 403 403 404 403 403 403 303 403 403 302 403
POST delegations.withdraw_widening        302 403 403 403 303 404 403 403 403 404 403 403 403 303 403 403 302 403

GET  demo.mail                            200 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 200 200
GET  demo.mailbox                         200 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 200 200

GET  handoffs.by_link                      302 200 200 200 200 200 303   - 200 200 200 200 200 200 200 200 302 200
POST handoffs.by_link                      302 404 404 404 404 404 303   - 404 404 404 404 404 404 404 404 302 404
GET  handoffs.enrol                        302 403 403 200 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST handoffs.enrol                        302 403 403 303 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  handoffs.give                         302 403 403 200 200 404 403 403 403 404 403 403 403 200 403 403 302 403
POST handoffs.give                         302 403 403 303 303 404 403 403 403 404 403 403 403 303 403 403 302 403
GET  handoffs.index                        302 200 200 200 200 404 200   - 403 404 200 200 200 200 200 200 302 403
GET  handoffs.open                         302 403 403 200 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST handoffs.open                         302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST handoffs.prove                        302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  handoffs.receipt                      302 200 200 200 200 404 200 404 403 404 200 200 200 200 404 404 302 403
GET  handoffs.seal                         302 403 403 200 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST handoffs.seal                         302 403 403 303 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  handoffs.show                         302 200 200 200 200 404 200 404 403 404 200 200 200 200 404 404 302 403
GET  handoffs.withdraw                     302 403 403 200 200 404 403 403 403 404 403 403 403 200 403 403 302 403
POST handoffs.withdraw                     302 403 403 303 303 404 403 403 403 404 403 403 403 303 403 403 302 403

GET  keys.batch                           302 403 403 200 200 404 200   - 403 404 200 200 403 403 403 403 302 403
POST keys.batch                           302 403 403 200 200 404 200   - 403 404 200 200 403 403 403 403 302 403
GET  keys.change_end                      302 403 403 200 200 404 200 404 403 404 200 200 403 403 403 403 302 403
POST keys.change_end                      302 403 403 303 303 404 303 404 403 404 303 303 403 403 403 403 302 403
GET  keys.cockpit                         302 200 200 200 200 404 200 404 403 404 200 200 200 200 404 404 302 403
POST keys.discard                         302 404 404 303 303 404 303 404 403 404 303 303 404 404 404 404 302 403
GET  keys.check                           302 200 200 200 200 404 200   - 403 404 200 200 200 200 200 200 302 403
GET  keys.end_early                       302 403 403 200 200 404 200 404 403 404 200 200 403 403 403 403 302 403
POST keys.end_early                       302 403 403 303 303 404 303 404 403 404 303 303 403 403 403 403 302 403
GET  keys.index                           302 200 200 200 200 404 200   - 403 404 200 200 200 200 200 200 302 403
GET  keys.leaked                          302 403 403 200 200 404 200 404 403 404 200 200 403 200 403 403 302 403
POST keys.leaked                          302 403 403 303 303 404 303 404 403 404 303 303 403 303 403 403 302 403
GET  keys.make                            302 404 404 200 200 404 200 404 403 404 200 200 404 404 404 404 302 403
POST keys.make                            302 404 404 200 200 404 200 404 403 404 200 200 404 404 404 404 302 403
GET  keys.make:command                    302 404 404 200 200 404 200 404 403 404 200 200 404 404 404 404 302 403
POST keys.make:command                    302 404 404 200 200 404 200 404 403 404 200 200 404 404 404 404 302 403
GET  keys.make:upload                     302 404 404 200 200 404 200 404 403 404 200 200 404 404 404 404 302 403
POST keys.make:upload                     302 404 404 303 303 404 303 404 403 404 303 303 404 404 404 404 302 403
GET  keys.make:browser                    302 404 404 200 200 404 200 404 403 404 200 200 404 404 404 404 302 403
POST keys.make:browser                    302 404 404 303 303 404 303 404 403 404 303 303 404 404 404 404 302 403
GET  keys.message                         302 404 404 200 200 404 200 404 403 404 200 200 404 404 404 404 302 403
GET  keys.new                             302 403 403 200 200 404 200   - 403 404 200 200 403 403 403 403 302 403
POST keys.new                             302 403 403 303 303 404 303   - 403 404 303 303 403 403 403 403 302 403
GET  keys.rename                          302 403 403 200 200 404 200 404 403 404 200 200 403 200 403 403 302 403
POST keys.rename                          302 403 403 303 303 404 303 404 403 404 303 303 403 303 403 403 302 403
GET  keys.replacement                     302 403 403 200 200 404 200 404 403 404 200 200 403 200 403 403 302 403
POST keys.replacement                     302 403 403 303 303 404 303 404 403 404 303 303 403 403 403 403 302 403
GET  keys.revoke                          302 403 403 200 200 404 200 404 403 404 200 200 403 200 403 403 302 403
POST keys.revoke                          302 403 403 303 303 404 303 404 403 404 303 303 403 303 403 403 302 403
GET  keys.roll_back                       302 403 403 200 200 404 200 404 403 404 200 200 403 403 403 403 302 403
POST keys.roll_back                       302 403 403 303 303 404 303 404 403 404 303 303 403 403 403 403 302 403
GET  keys.rotate                          302 403 403 200 200 404 200 404 403 404 200 200 403 403 403 403 302 403
POST keys.rotate                          302 403 403 303 303 404 303 404 403 404 303 303 403 403 403 403 302 403
POST keys.saved                           302 404 404 303 303 404 303 404 403 404 303 303 404 404 404 404 302 403
GET  keys.show                            302 200 200 200 200 404 200 404 403 404 200 200 200 200 404 404 302 403
GET  keys.trouble                         302 200 200 200 200 404 200 404 403 404 200 200 200 200 404 404 302 403

GET  projects.attach                      302 403 200 403 200 404 200 404 403 404 403 403 403 200 403 403 302 403
POST projects.attach                      302 403 303 403 303 404 303 404 403 404 403 403 403 303 403 403 302 403
GET  projects.change_installation         302 403 200 403 200 404 200 404 403 404 403 403 403 200 403 403 302 403
POST projects.change_installation         302 403 303 403 303 404 303 404 403 404 403 403 403 303 403 403 302 403
POST projects.confirm                     302 403 303 403 303 404 303 404 403 404 403 403 403 303 403 403 302 403
GET  projects.connect                     302 200 200 200 200 404 200 404 403 404 200 200 200 200 404 404 302 403
GET  projects.detach                      302 403 200 403 200 404 200 404 403 404 403 403 403 200 403 403 302 403
POST projects.detach                      302 403 303 403 303 404 303 404 403 404 403 403 403 303 403 403 302 403
GET  projects.index                       302 200 200 200 200 404 200   - 403 404 200 200 200 200 200 200 302 403
GET  projects.new                         302 403 200 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST projects.new                         302 403 303 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  projects.rename                      302 403 200 403 200 404 200 404 403 404 403 403 403 200 403 403 302 403
POST projects.rename                      302 403 303 403 303 404 303 404 403 404 403 403 403 303 403 403 302 403
GET  projects.rename_space                302 403 200 403 200 404 200 404 403 404 403 403 403 200 403 403 302 403
POST projects.rename_space                302 403 303 403 303 404 303 404 403 404 403 403 403 303 403 403 302 403
GET  projects.reopen_request              302 403 200 403 200 404 404   - 403 404 403 403 403 200 403 403 302 403
POST projects.reopen_request              302 403 303 403 303 404 404   - 403 404 403 403 403 303 403 403 302 403
GET  projects.request_more                302 403 200 403 200 404 200 404 403 404 403 403 403 200 403 403 302 403
POST projects.request_more                302 403 303 403 303 404 303 404 403 404 403 403 403 303 403 403 302 403
GET  projects.request_projects            302 403 200 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST projects.request_projects            302 403 303 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  projects.show                        302 200 200 200 200 404 200 404 403 404 200 200 200 200 404 404 302 403
GET  projects.show_request                302 302 302 302 302 404 302 404 403 404 302 302 302 302 404 404 302 403
POST projects.withdraw_request            302 403 303 403 303 404 303 404 403 404 403 403 403 303 403 403 302 403

GET  reviews.abandon                      302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
POST reviews.abandon                      302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 403 302 403
GET  reviews.answer_question              302 200 200 200 200 404 404   - 403 404 200 200 200 200 404 404 302 403
POST reviews.answer_question              302 403 403 303 303 404 404   - 403 404 403 403 403 303 404 404 302 403
GET  reviews.close                        302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
POST reviews.close                        302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 403 302 403
GET  reviews.count                        302 403 403 403 403 404 403   - 403 404 403 403 403 403 302 403 302 403
POST reviews.count                        302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
GET  reviews.evidence_csv                 302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
GET  reviews.evidence_json                302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
GET  reviews.export                       302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
POST reviews.export                       302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 303 302 403
GET  reviews.index                        302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
GET  reviews.line                         302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
POST reviews.line                         302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 403 302 403
GET  reviews.new                          302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 302 403
POST reviews.new                          302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 403 302 403
GET  reviews.questions                    302 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 302 403
GET  reviews.show                         302 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 302 403
POST reviews.show                         302 403 403 403 403 404 403   - 403 404 403 403 403 403 303 403 302 403

GET  api.openapi                          200 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 200 200
GET  api.reference                        200 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 200 200

POST api.handoffs.enrol                   401 403 403 200 200 404 403   - 403 404 403 403 403 200 403 403 401 403
GET  api.handoffs.envelope_key            401 403 403 404 200 404 403   - 403 404 403 403 403 200 403 403 401 403
POST api.handoffs.fetch                   401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
POST api.handoffs.give                    401 403 403 201 201 404 403 403 403 404 403 403 403 201 403 403 401 403
GET  api.handoffs.index                   401 200 200 200 200 404 200   - 403 404 200 200 200 200 200 200 401 403
POST api.handoffs.prove                   401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
GET  api.handoffs.receivers               401 403 403 200 200 404 403 403 403 404 403 403 403 200 403 403 401 403
POST api.handoffs.seal                    401 403 403 200 200 404 403   - 403 404 403 403 403 200 403 403 401 403
GET  api.handoffs.sealing                 401 403 403 200 200 404 403   - 403 404 403 403 403 200 403 403 401 403
GET  api.handoffs.show                    401 200 200 200 200 404 200 404 403 404 200 200 200 200 404 404 401 403
POST api.handoffs.withdraw                401 403 403 200 200 404 403 403 403 404 403 403 403 200 403 403 401 403

POST api.keys.batch                       401 403 403 200 200 404 200   - 403 404 200 200 403 403 403 403 401 403
GET  api.keys.blast_radius                401 200 200 200 200 404 200 404 403 404 200 200 200 200 404 404 401 403
POST api.keys.change_end                  401 403 403 200 200 404 200 404 403 404 200 200 403 403 403 403 401 403
GET  api.keys.cockpit                     401 200 200 200 200 404 200 404 403 404 200 200 200 200 404 404 401 403
POST api.keys.discard                     401 404 404 200 200 404 200 404 403 404 200 200 404 404 404 404 401 403
POST api.keys.end_early                   401 403 403 200 200 404 200 404 403 404 200 200 403 403 403 403 401 403
GET  api.keys.index                       401 200 200 200 200 404 200   - 403 404 200 200 200 200 200 200 401 403
POST api.keys.leaked                      401 403 403 200 200 404 200 404 403 404 200 200 403 200 403 403 401 403
POST api.keys.leaked_end                  401 403 403 200 200 404 200 404 403 404 200 200 403 403 403 403 401 403
POST api.keys.leaked_replace              401 403 403 201 201 404 201 404 403 404 201 201 403 403 403 403 401 403
GET  api.keys.message                     401 404 404 200 200 404 200 404 403 404 200 200 404 404 404 404 401 403
GET  api.keys.usable                      401 403 403 200 200 404 200   - 403 404 200 200 403 403 403 403 401 403
POST api.keys.new                         401 403 403 201 201 404 201   - 403 404 201 201 403 403 403 403 401 403
POST api.keys.prove                       401 404 404 200 200 404 200 404 403 404 200 200 404 404 404 404 401 403
POST api.keys.rename                      401 403 403 200 200 404 200 404 403 404 200 200 403 200 403 403 401 403
POST api.keys.replacement                 401 403 403 201 201 404 201 404 403 404 201 201 403 403 403 403 401 403
POST api.keys.revoke                      401 403 403 200 200 404 200 404 403 404 200 200 403 200 403 403 401 403
POST api.keys.roll_back                   401 403 403 200 200 404 200 404 403 404 200 200 403 403 403 403 401 403
POST api.keys.rotate                      401 403 403 201 201 404 201 404 403 404 201 201 403 403 403 403 401 403
POST api.keys.saved                       401 404 404 200 200 404 200 404 403 404 200 200 404 404 404 404 401 403
GET  api.keys.show                        401 200 200 200 200 404 200 404 403 404 200 200 200 200 404 404 401 403
POST api.delegations.accept               401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
POST api.delegations.accept:ticket        401 403 403 200 200 404 403   - 403 404 403 403 403 200 403 403 401 403
POST api.delegations.answer_widening      401 403 403 403 200 404 403 403 403 404 403 403 403 200 403 403 401 403
POST api.delegations.approve              401 403 403 403 200 404 403 403 403 404 403 403 403 200 403 403 401 403
GET  api.delegations.blast_radius         401 200 200 200 200 404 200 404 403 404 200 200 200 200 404 404 401 403
GET  api.delegations.client               401 200 200 200 200 404 404   - 403 404 200 200 200 200 404 404 401 403
POST api.delegations.client_answer_widening 401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
GET  api.delegations.client_blast_radius  401 200 200 200 200 404 404   - 403 404 200 200 200 200 404 404 401 403
POST api.delegations.client_decline       401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
POST api.delegations.client_decline:ticket 401 403 403 200 200 404 403   - 403 404 403 403 403 200 403 403 401 403
POST api.delegations.client_end           401 403 403 200 200 404 403   - 403 404 403 403 403 200 403 403 401 403
POST api.delegations.client_pause         401 403 403 200 200 404 403   - 403 404 403 403 403 200 403 403 401 403
POST api.delegations.client_resume        401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
POST api.delegations.client_widen         401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
POST api.delegations.client_withdraw      401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
POST api.delegations.client_withdraw_widening 401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
GET  api.delegations.clients              401 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 401 403
POST api.delegations.decline              401 403 403 403 200 404 403 403 403 404 403 403 403 200 403 403 401 403
POST api.delegations.end                  401 403 403 200 200 404 403 403 403 404 403 403 403 200 403 403 401 403
GET  api.delegations.integrators          401 200 200 200 200 404 200   - 403 404 200 200 200 200 200 200 401 403
POST api.delegations.narrow               401 403 403 403 200 404 403 403 403 404 403 403 403 200 403 403 401 403
POST api.delegations.offer                401 403 403 403 201 404 403   - 403 404 403 403 403 201 403 403 401 403
POST api.delegations.pause                401 403 403 200 200 404 403 403 403 404 403 403 403 200 403 403 401 403
POST api.delegations.request              401 403 403 403 201 404 403   - 403 404 403 403 403 201 403 403 401 403
POST api.delegations.resume               401 403 403 403 200 404 403 403 403 404 403 403 403 200 403 403 401 403
GET  api.delegations.show                 401 200 200 200 200 404 200 404 403 404 200 200 200 200 404 404 401 403
POST api.delegations.ticket               401 403 403 201 201 404 403   - 403 404 403 403 403 201 403 403 401 403
POST api.delegations.widen                401 403 403 403 200 404 403 403 403 404 403 403 403 200 403 403 401 403
POST api.delegations.withdraw             401 403 403 403 200 404 403 403 403 404 403 403 403 200 403 403 401 403
POST api.delegations.withdraw:ticket      401 403 403 200 200 404 403 403 403 404 403 403 403 200 403 403 401 403
POST api.delegations.withdraw_widening    401 403 403 403 200 404 403 403 403 404 403 403 403 200 403 403 401 403
GET  api.keys.who_must_act                401 403 403 200 200 404 200 404 403 404 200 200 403 200 403 403 401 403
GET  api.console.access                   401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 401 403
POST api.console.amend                    401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
GET  api.console.amend_preview            401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
GET  api.console.contract_radius          401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
GET  api.console.contracts                401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 401 403
GET  api.console.credential_radius        401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
GET  api.console.credentials              401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 401 403
POST api.console.decide                   401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
POST api.console.decide_surplus           401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
GET  api.console.delegations              401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 401 403
POST api.console.end_contract             401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
GET  api.console.entitlements             401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 401 403
POST api.console.extend_contract          401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
GET  api.console.gateway                  401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 401 403
POST api.console.import_apply             401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
POST api.console.import_check             401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
POST api.console.import_discard           401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
GET  api.console.import_lines             401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
GET  api.console.import_list              401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
POST api.console.import_new               401 403 403 403 403 404 403   - 403 404 403 403 403 403 201 403 401 403
GET  api.console.import_show              401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
GET  api.console.installations            401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 401 403
POST api.console.invite_owner             401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 401 403
POST api.console.issue_credential         401 403 403 403 403 404 403   - 403 404 403 403 403 403 201 403 401 403
POST api.console.new_contract             401 403 403 403 403 404 403   - 403 404 403 403 403 403 201 403 401 403
POST api.console.open_tenant              401 403 403 403 403 404 403   - 403 404 403 403 403 403 201 201 401 403
GET  api.console.overview                 401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 401 403
POST api.console.propose_signer           401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
GET  api.console.queue                    401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 401 403
POST api.console.renew_contract           401 403 403 403 403 404 403   - 403 404 403 403 403 403 201 403 401 403
POST api.console.revoke_credential        401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
POST api.console.rotate_credential        401 403 403 403 403 404 403   - 403 404 403 403 403 403 201 403 401 403
GET  api.console.search                   401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 401 403
GET  api.console.show_request             401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 401 403
GET  api.console.signer_changes           401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 401 403
POST api.console.standing                 401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
GET  api.console.standing_radius          401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
POST api.console.stop_signer_change       401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
GET  api.console.surplus_space            401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
GET  api.console.tenant                   401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 401 403
GET  api.console.tenants                  401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 401 403

POST api.projects.attach                  401 403 201 403 201 404 201 404 403 404 403 403 403 201 403 403 401 403
POST api.projects.change_installation     401 403 200 403 200 404 200 404 403 404 403 403 403 200 403 403 401 403
POST api.projects.confirm                 401 403 200 403 200 404 200 404 403 404 403 403 403 200 403 403 401 403
GET  api.projects.connect                 401 200 200 200 200 404 200 404 403 404 200 200 200 200 404 404 401 403
POST api.projects.detach                  401 403 200 403 200 404 200 404 403 404 403 403 403 200 403 403 401 403
GET  api.accounts.me                      401 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 401 403

GET  api.activity.index                   401 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 401 403

POST api.contracts.ask                    401 403 403 403 201 404 403   - 403 404 403 403 403 422 403 403 401 403
GET  api.contracts.asked                  401 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 401 403
GET  api.contracts.index                  401 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 401 403
POST api.contracts.name_deputy            401 403 403 403 403 404 404   - 403 404 201 403 403 403 404 404 401 403
POST api.contracts.propose_signer         401 403 403 403 201 404 403   - 403 404 403 403 403 201 403 403 401 403
GET  api.contracts.show                   401 200 200 200 200 404 404   - 403 404 200 200 200 200 404 404 401 403
POST api.contracts.stop_signer_change     401 403 403 403 403 404 404   - 403 404 200 403 403 403 404 404 401 403
POST api.contracts.withdraw_deputy        401 403 403 403 403 404 404   - 403 404 200 403 403 403 404 404 401 403
POST api.contracts.withdraw_signer_change 401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403

GET  api.dashboards.overview              401 200 200 200 200 404 200   - 403 404 200 200 200 200 200 200 401 403

GET  api.projects.index                   401 200 200 200 200 404 200   - 403 404 200 200 200 200 200 200 401 403
GET  api.projects.installations_index     401 200 200 200 200 404 200   - 403 404 200 200 200 200 200 200 401 403
POST api.projects.new                     401 403 201 403 201 404 403   - 403 404 403 403 403 201 403 403 401 403
POST api.projects.rename                  401 403 200 403 200 404 200 404 403 404 403 403 403 200 403 403 401 403
POST api.projects.rename_space            401 403 200 403 200 404 200 404 403 404 403 403 403 200 403 403 401 403
POST api.projects.reopen_request          401 403 201 403 201 404 404   - 403 404 403 403 403 201 403 403 401 403
POST api.projects.request_more            401 403 201 403 201 404 201 404 403 404 403 403 403 201 403 403 401 403
POST api.projects.request_projects        401 403 201 403 201 404 403   - 403 404 403 403 403 201 403 403 401 403
GET  api.projects.requests_index          401 200 200 200 200 404 200   - 403 404 200 200 200 200 200 200 401 403
GET  api.projects.show                    401 200 200 200 200 404 200 404 403 404 200 200 200 200 404 404 401 403
GET  api.projects.show_allotments         401 200 200 200 200 404 200   - 403 404 200 200 200 200 200 200 401 403
GET  api.projects.show_installation       401 200 200 200 200 404 200 404 403 404 200 200 200 200 404 404 401 403
GET  api.projects.show_request            401 200 200 200 200 404 200 404 403 404 200 200 200 200 404 404 401 403
POST api.projects.withdraw_request        401 403 200 403 200 404 200 404 403 404 403 403 403 200 403 403 401 403

POST api.usage.declare                    401 403 200 403 200 404 200 404 403 404 403 403 403 200 403 403 401 403
POST api.usage.dismiss                    401 403 200 403 200 404 200 404 403 404 403 403 403 200 403 403 401 403
GET  api.usage.free_spaces                401 200 200 200 200 404 200   - 403 404 200 200 200 200 200 200 401 403
POST api.usage.merge                      401 403 200 403 200 404 200 404 403 404 403 403 403 200 403 403 401 403
POST api.usage.move                       401 403 200 403 200 404 200 404 403 404 403 403 403 200 403 403 401 403

POST api.reviews.abandon                  401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
POST api.reviews.answer_question          401 403 403 200 200 404 404   - 403 404 403 403 403 200 404 404 401 403
POST api.reviews.close                    401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
POST api.reviews.count                    401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
POST api.reviews.decide                   401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
POST api.reviews.decide_line              401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
GET  api.reviews.evidence                 401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 401 403
GET  api.reviews.forecast                 401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 403 401 403
GET  api.reviews.index                    401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 401 403
GET  api.reviews.line                     401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 401 403
GET  api.reviews.lines                    401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 401 403
POST api.reviews.new                      401 403 403 403 403 404 403   - 403 404 403 403 403 403 201 403 401 403
GET  api.reviews.question                 401 200 200 200 200 404 404   - 403 404 200 200 200 200 404 404 401 403
GET  api.reviews.questions                401 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 401 403
GET  api.reviews.show                     401 403 403 403 403 404 403   - 403 404 403 403 403 403 200 200 401 403

POST api.tenants.change_role              401 403 403 403 200 404 403   - 403 404 403 403 403 200 200 200 401 403
POST api.tenants.end_look_in              401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
GET  api.tenants.invitations              401 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 401 403
POST api.tenants.invite                   401 403 403 403 201 404 403   - 403 404 403 403 403 201 201 201 401 403
GET  api.tenants.member_radius            401 403 403 403 200 404 403   - 403 404 403 403 403 200 200 200 401 403
GET  api.tenants.members                  401 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 401 403
POST api.tenants.remove                   401 403 403 403 200 404 403   - 403 404 403 403 403 200 200 200 401 403
POST api.tenants.rename                   401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
POST api.tenants.request_code             401 403 403 403 201 404 403   - 403 404 403 403 403 201 403 403 401 403
POST api.tenants.resend                   401 403 403 403 200 404 403   - 403 404 403 403 403 200 200 200 401 403
GET  api.tenants.roles                    401 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 401 403
GET  api.tenants.settings                 401 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 401 403
POST api.tenants.withdraw                 401 403 403 403 200 404 403   - 403 404 403 403 403 200 200 200 401 403

POST api.webhooks.again                        401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
POST api.webhooks.change                       401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
GET  api.webhooks.deliveries                   401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
GET  api.webhooks.delivery                     401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
GET  api.webhooks.index                        401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
POST api.webhooks.new                          401 403 403 403 201 404 403   - 403 404 403 403 403 201 403 403 401 403
POST api.webhooks.pause                        401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
POST api.webhooks.remove                       401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
POST api.webhooks.resend                       401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
POST api.webhooks.resume                       401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
POST api.webhooks.rotate                       401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
GET  api.webhooks.show                         401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403
POST api.webhooks.test                         401 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 401 403

GET  static                               200 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 200 200

GET  tenants.ask_factor                   302 403 403 403 200 404 403   - 403 404 403 403 403 200 200 200 302 403
POST tenants.ask_factor                   302 403 403 403 303 404 403   - 403 404 403 403 403 303 303 303 302 403
GET  tenants.change_role                  302 403 403 403 200 404 403   - 403 404 403 403 403 200 200 200 302 403
POST tenants.change_role                  302 403 403 403 303 404 403   - 403 404 403 403 403 303 303 303 302 403
POST tenants.end_look_in                  302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  tenants.domain                       302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
GET  tenants.domains                      302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST tenants.domains                      302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
POST tenants.look_at_domain               302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
POST tenants.remove_domain                302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  tenants.joining                      302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST tenants.joining                      302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  tenants.invite                       302 403 403 403 200 404 403   - 403 404 403 403 403 200 200 200 302 403
POST tenants.invite                       302 403 403 403 303 404 403   - 403 404 403 403 403 303 303 303 302 403
GET  tenants.members                      302 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 302 403
GET  tenants.recovery                     302 403 403 403 200 404 403   - 403 404 403 403 403 404 404 404 302 403
POST tenants.recovery                     302 403 403 403 303 404 403   - 403 404 403 403 403 404 404 404 302 403
GET  tenants.remove                       302 403 403 403 200 404 403   - 403 404 403 403 403 200 200 200 302 403
POST tenants.remove                       302 403 403 403 303 404 403   - 403 404 403 403 403 303 303 303 302 403
GET  tenants.provider                     302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST tenants.provider                     302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  tenants.remove_provider              302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST tenants.remove_provider              302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  tenants.switch_provider              302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST tenants.switch_provider              302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  tenants.try_provider                 302 403 403 403 302 404 403   - 403 404 403 403 403 302 403 403 302 403
POST tenants.rename                       302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  tenants.request_code                 302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST tenants.request_code                 302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST tenants.resend                       302 403 403 403 303 404 403   - 403 404 403 403 403 303 303 303 302 403
GET  tenants.roles                        302 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 302 403
GET  tenants.stop_asking_factor           302 403 403 403 200 404 403   - 403 404 403 403 403 200 200 200 302 403
POST tenants.stop_asking_factor           302 403 403 403 303 404 403   - 403 404 403 403 403 303 303 303 302 403
GET  tenants.settings                     302 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 302 403
POST tenants.withdraw                     302 403 403 403 303 404 403   - 403 404 403 403 403 303 303 303 302 403

GET  tokens.approve_device                302 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 302 403
POST tokens.approve_device                302 303 303 303 303 404 404   - 403 404 303 303 303 303 303 303 302 403
GET  tokens.device                        302 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 302 200
POST tokens.device                        302 303 303 303 303 303 303   - 303 303 303 303 303 303 303 303 302 303
GET  tokens.end                           302 404 404 404 200 404 404   - 403 404 404 404 404 200 200 200 302 403
POST tokens.end                           302 404 404 404 303 404 404   - 403 404 404 404 404 303 303 303 302 403
GET  tokens.index                         302 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 302 403
GET  tokens.issue                         302 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 302 403
POST tokens.issue                         302 200 200 200 200 404 404   - 403 404 200 200 200 200 200 200 302 403
POST tokens.refuse_device                 302 303 303 303 303 404 404   - 403 404 303 303 303 303 303 303 302 403

GET  usage.declare                        302 403 200 403 200 404 200 404 403 404 403 403 403 200 403 403 302 403
POST usage.declare                        302 403 303 403 303 404 303 404 403 404 403 403 403 303 403 403 302 403
GET  usage.dismiss                        302 403 200 403 200 404 200 404 403 404 403 403 403 200 403 403 302 403
POST usage.dismiss                        302 403 303 403 303 404 303 404 403 404 403 403 403 303 403 403 302 403
GET  usage.merge                          302 403 200 403 200 404 200 404 403 404 403 403 403 200 403 403 302 403
POST usage.merge                          302 403 303 403 303 404 303 404 403 404 403 403 403 303 403 403 302 403
GET  usage.move                           302 403 200 403 200 404 200 404 403 404 403 403 403 200 403 403 302 403
POST usage.move                           302 403 303 403 303 404 303 404 403 404 403 403 403 303 403 403 302 403

GET  watching.livez                       200 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 200 200
GET  watching.metrics                     200 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 200 200
GET  watching.readyz                      200 200 200 200 200 200 200   - 200 200 200 200 200 200 200 200 200 200
POST webhooks.again                       302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  webhooks.change                      302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST webhooks.change                      302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  webhooks.delivery                    302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
GET  webhooks.index                       302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
GET  webhooks.new                         302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST webhooks.new                         302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST webhooks.pause                       302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  webhooks.remove                      302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST webhooks.remove                      302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  webhooks.resend                      302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST webhooks.resend                      302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
POST webhooks.resume                      302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
GET  webhooks.rotate                      302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST webhooks.rotate                      302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
GET  webhooks.show                        302 403 403 403 200 404 403   - 403 404 403 403 403 200 403 403 302 403
POST webhooks.test                        302 403 403 403 303 404 403   - 403 404 403 403 403 303 403 403 302 403
"""
# Whose account or delegation is stopped as a whole, whatever they ask for.
STOPPED = ("paused", "suspended")
# Whose looking is held to change nothing.
LOOKERS = ("anonymous", "owner", "live", "signer", "partner_admin")
OUTSIDE = "out"
NOT_THERE = "-"
# It was carried out.
DONE = (200, 201, 303)
# What looking may write: that a token was used, once a minute.
USED = {"personal_tokens"}


@dataclass(frozen=True)
class Row:
    """What each caller is answered; `outside` is what the live integrator is, or None."""

    route: Route
    answers: dict[str, int]
    outside: int | None

    @property
    def is_act(self) -> bool:
        return self.route.method == "POST"

    @property
    def refused(self) -> list[str]:
        """Who is sent on, or has no token; who may not; for whom it does not exist; whose form is not taken."""
        return self.callers(302, 401, 403, 404, 422)

    @property
    def not_refused(self) -> list[str]:
        return [name for name in self.answers if name not in self.refused]

    def callers(self, *statuses: int) -> list[str]:
        """Who is answered with one of these."""
        return [name for name, status in self.answers.items() if status in statuses]


def _rows() -> list[Row]:
    heads, *lines = [line.split() for line in TABLE.splitlines() if line.strip()]
    return [_row(Route(method, use), dict(zip(heads, answers, strict=True))) for method, use, *answers in lines]


def _row(route: Route, answers: dict[str, str]) -> Row:
    outside = answers.pop(OUTSIDE)
    statuses = [int(status) for status in answers.values()]
    return Row(route, dict(zip(CALLERS, statuses, strict=True)), None if outside == NOT_THERE else int(outside))


ROWS = _rows()
# Those of browsers, and those of scripts.
PAGES = [row for row in ROWS if not row.route.is_call]
CALLS = [row for row in ROWS if row.route.is_call]
