// What every HubSpot account has from the start: names and types that are common knowledge, with
// labels of our own.
#include "plugins/hubspot/sandbox/properties.h"

namespace penstock::sandbox::hubspot {
namespace {

Property Make(const char* name, const char* label, const char* type, const char* field_type) {
  Property property;
  property.name = name;
  property.label = label;
  property.type = type;
  property.field_type = field_type;
  property.hubspot_defined = true;
  return property;
}

Property TextField(const char* name, const char* label) {
  return Make(name, label, "string", "text");
}
Property Area(const char* name, const char* label) {
  return Make(name, label, "string", "textarea");
}
Property Number(const char* name, const char* label) {
  return Make(name, label, "number", "number");
}
Property Time(const char* name, const char* label) { return Make(name, label, "datetime", "date"); }

Property Flag(const char* name, const char* label) {
  Property property = Make(name, label, "bool", "booleancheckbox");
  property.options = {{"true", "True"}, {"false", "False"}};
  return property;
}

Property Choice(const char* name, const char* label, std::vector<PropertyOption> options) {
  Property property = Make(name, label, "enumeration", "select");
  property.options = std::move(options);
  return property;
}

Property Owner() {
  Property property =
      Choice("hubspot_owner_id", "Owner", {{"1001", "Owner 1"}, {"1002", "Owner 2"}});
  property.external_options = true;
  return property;
}

Property ReadOnly(Property property) {
  property.read_only = true;
  return property;
}

std::vector<PropertyOption> LifecycleStages() {
  return {{"subscriber", "Subscriber"},
          {"lead", "Lead"},
          {"marketingqualifiedlead", "Marketing qualified"},
          {"salesqualifiedlead", "Sales qualified"},
          {"opportunity", "Opportunity"},
          {"customer", "Customer"},
          {"evangelist", "Evangelist"},
          {"other", "Other"}};
}

std::vector<Property> Contacts() {
  return {
      ReadOnly(TextField("hs_object_id", "Record id")),
      ReadOnly(Time("createdate", "Created")),
      ReadOnly(Time("lastmodifieddate", "Last modified")),
      ReadOnly(TextField("hs_email_domain", "E-mail domain")),
      ReadOnly(Number("num_associated_deals", "Number of deals")),
      ReadOnly(Number("num_notes", "Number of activities")),
      ReadOnly(Time("notes_last_contacted", "Last contacted")),
      ReadOnly(Number("hubspotscore", "Score")),
      TextField("email", "E-mail"),
      TextField("hs_additional_emails", "Other e-mails"),
      TextField("work_email", "Work e-mail"),
      TextField("firstname", "First name"),
      TextField("lastname", "Last name"),
      TextField("salutation", "Salutation"),
      TextField("phone", "Phone"),
      TextField("mobilephone", "Mobile phone"),
      TextField("fax", "Fax"),
      TextField("company", "Company"),
      TextField("jobtitle", "Job title"),
      TextField("job_function", "Job function"),
      TextField("seniority", "Seniority"),
      TextField("industry", "Industry"),
      TextField("annualrevenue", "Annual revenue"),
      TextField("website", "Website"),
      TextField("address", "Street address"),
      TextField("city", "City"),
      TextField("state", "State or region"),
      TextField("zip", "Postal code"),
      TextField("country", "Country"),
      TextField("gender", "Gender"),
      TextField("date_of_birth", "Date of birth"),
      TextField("marital_status", "Marital status"),
      TextField("relationship_status", "Relationship status"),
      TextField("military_status", "Military status"),
      TextField("school", "School"),
      TextField("degree", "Degree"),
      TextField("field_of_study", "Field of study"),
      TextField("graduation_date", "Graduation date"),
      TextField("start_date", "Start date"),
      TextField("twitterhandle", "Twitter name"),
      TextField("company_size", "Company size"),
      Area("message", "Message"),
      Number("followercount", "Followers"),
      Number("associatedcompanyid", "Primary company"),
      Time("closedate", "Became a customer"),
      ReadOnly(Flag("hs_is_unworked", "Not worked on yet")),
      Choice("lifecyclestage", "Lifecycle stage", LifecycleStages()),
      Choice("hs_lead_status", "Lead status",
             {{"NEW", "New"},
              {"OPEN", "Open"},
              {"IN_PROGRESS", "In progress"},
              {"OPEN_DEAL", "Open deal"},
              {"UNQUALIFIED", "Unqualified"},
              {"ATTEMPTED_TO_CONTACT", "Attempted to contact"},
              {"CONNECTED", "Connected"},
              {"BAD_TIMING", "Bad timing"}}),
      Choice("numemployees", "Employees",
             {{"1-5", "1-5"},
              {"5-25", "5-25"},
              {"25-50", "25-50"},
              {"50-100", "50-100"},
              {"100-500", "100-500"},
              {"500-1000", "500-1000"},
              {"1000+", "1000+"}}),
      Choice("hs_language", "Language",
             {{"en", "English"},
              {"de", "German"},
              {"fr", "French"},
              {"es", "Spanish"},
              {"it", "Italian"},
              {"ja", "Japanese"},
              {"nl", "Dutch"},
              {"pt", "Portuguese"}}),
      Owner(),
  };
}

std::vector<Property> Companies() {
  return {
      ReadOnly(TextField("hs_object_id", "Record id")),
      ReadOnly(Time("createdate", "Created")),
      ReadOnly(Time("hs_lastmodifieddate", "Last modified")),
      TextField("name", "Name"),
      TextField("domain", "Domain"),
      TextField("website", "Website"),
      TextField("phone", "Phone"),
      TextField("address", "Street address"),
      TextField("city", "City"),
      TextField("state", "State or region"),
      TextField("zip", "Postal code"),
      TextField("country", "Country"),
      Area("description", "Description"),
      Number("annualrevenue", "Annual revenue"),
      Number("numberofemployees", "Employees"),
      Choice("lifecyclestage", "Lifecycle stage", LifecycleStages()),
      Owner(),
  };
}

std::vector<Property> Deals() {
  return {
      ReadOnly(TextField("hs_object_id", "Record id")),
      ReadOnly(Time("createdate", "Created")),
      ReadOnly(Time("hs_lastmodifieddate", "Last modified")),
      TextField("dealname", "Name"),
      Area("description", "Description"),
      Number("amount", "Amount"),
      Time("closedate", "Close date"),
      Choice("pipeline", "Pipeline", {{"default", "Sales pipeline"}}),
      Choice("dealstage", "Stage",
             {{"appointmentscheduled", "Appointment scheduled"},
              {"qualifiedtobuy", "Qualified to buy"},
              {"presentationscheduled", "Presentation scheduled"},
              {"decisionmakerboughtin", "Decision maker won"},
              {"contractsent", "Contract sent"},
              {"closedwon", "Won"},
              {"closedlost", "Lost"}}),
      Choice("dealtype", "Type",
             {{"newbusiness", "New business"}, {"existingbusiness", "Existing business"}}),
      Owner(),
  };
}

}  // namespace

std::vector<Property> DefaultProperties(std::string_view object) {
  std::vector<Property> properties = object == "contacts"    ? Contacts()
                                     : object == "companies" ? Companies()
                                                             : Deals();
  for (Property& property : properties) {
    property.group = object == "contacts"    ? "contactinformation"
                     : object == "companies" ? "companyinformation"
                                             : "dealinformation";
    property.unique = object == "contacts" && property.name == "email";
  }
  return properties;
}

}  // namespace penstock::sandbox::hubspot
