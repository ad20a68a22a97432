#pragma once

#include <map>
#include <string>

#include "copy/delivery_request.h"
#include "copy/node_attributes.h"

namespace syncline {

// Values by name. An access control list is among them, under the name the system keeps it by.
using ExtendedAttributes = std::map<std::string, std::string>;

// Those of an entry that are to be kept: access control lists, or what a user may set (root: everything but
// what belongs to the system). 0 or an errno; ENOTSUP where the file system has none.
int ReadExtendedAttributes(const AttributedNode& node, const CopyAttributes& kept, ExtendedAttributes* found);

// 0 or an errno.
int WriteExtendedAttribute(const AttributedNode& node, const std::string& name, const std::string& value);
int RemoveExtendedAttribute(const AttributedNode& node, const std::string& name);

bool IsAccessControlList(const std::string& name);

}  // namespace syncline
